"""The small model and the examples that training's own tests use."""

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

spec = spec_from_file_location("tests_of_finetune", Path(__file__).parents[2] / "finetune" / "conftest.py")
assert spec is not None
assert spec.loader is not None
module = module_from_spec(spec)
spec.loader.exec_module(module)
tiny_base, intents, write_examples = module.tiny_base, module.intents, module.write_examples
