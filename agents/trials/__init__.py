"""How good, how safe and how able answers are: questions, attacks and recorded tasks in, scores out."""
