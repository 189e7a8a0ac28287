"""Whether what a model wrote is what its sources say: numbers, dates, names, yes and no; no model is asked."""
