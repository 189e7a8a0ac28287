"""How a model is shown what others than itself wrote in its place."""

from agents.transcript import Language

BY_PERSON: dict[Language, str] = {
    "en": "(A person of our team wrote: “{text}”)",
    "zh": "（我们的工作人员写道：“{text}”）",
}
