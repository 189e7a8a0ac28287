"""Sums in, their value out: numbers, + - * / and parentheses, without running anything as code.

"3131.1 + 4777.75" -> syntax tree -> 7908.85
"""

import ast
import operator
from collections.abc import Callable
from typing import Any

from agents.errors import ToolError

ALLOWED = frozenset("0123456789+-*/(). ")
LONGEST = 500
"""Characters of an expression."""
LARGEST_POWER = 200
OPERATORS: dict[type[ast.AST], Callable[..., Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Pow: operator.pow,
    ast.UAdd: operator.pos,
    ast.USub: operator.neg,
}


def calculate(expression: str) -> str:
    """Return the value, rounded to cents.

    Raises:
        ToolError: it is no sum, or its value is no number.
    """
    if not expression or set(expression) - ALLOWED or len(expression) > LONGEST:
        raise ToolError("Invalid characters in expression")
    try:
        tree = ast.parse(expression.lstrip(), filename="<string>", mode="eval")
        return str(round(float(_value(tree.body)), 2))
    except SyntaxError as error:
        raise ToolError(str(error)) from error
    except (ArithmeticError, TypeError, ValueError, RecursionError, MemoryError) as error:
        raise ToolError(str(error) or "The expression is too large") from error


def _value(node: ast.AST) -> Any:
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        return node.value
    if isinstance(node, ast.UnaryOp):
        return OPERATORS[type(node.op)](_value(node.operand))
    if isinstance(node, ast.BinOp):
        left, right = _value(node.left), _value(node.right)
        if isinstance(node.op, ast.Pow) and (abs(right) > LARGEST_POWER or abs(left) > 10**9):
            raise ValueError("The power is too large")
        return OPERATORS[type(node.op)](left, right)
    raise TypeError("The expression is no sum of numbers")
