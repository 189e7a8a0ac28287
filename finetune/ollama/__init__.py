"""A release in, a model of an Ollama server out that is proved to speak as it was trained."""
