"""Scores of two halves in, one score out.

    chunk -> BM25, chunk -> cosine -> chunk -> score

A convex combination of scores, each divided by its list's best (Bruch, Gai, Ingber: "An Analysis of Fusion Functions
for Hybrid Retrieval", 2022). Its weight follows what the embedder can do in the question's language: plain reciprocal
rank fusion lets an English embedder ruin Chinese results that BM25 alone had right.
"""

from collections.abc import Mapping


def fuse(words: Mapping[int, float], meaning: Mapping[int, float], *, weight: float, floor: float) -> dict[int, float]:
    """Return chunk -> score, 0 and up.

    Args:
        weight: of meaning against words, 0-1.
        floor: the cosine of texts that have nothing to do with one another; only what is above it counts.
    """
    above = {chunk: max(cosine - floor, 0.0) for chunk, cosine in meaning.items()}
    least = min(above.values(), default=0.0)  # a chunk that is not among the nearest is at most as near as their last
    scaled = scale({chunk: above.get(chunk, least) for chunk in {*words, *meaning}}, weight)
    return add(scaled, scale(words, 1.0 - weight), 1.0)


def scale(scores: Mapping[int, float], weight: float = 1.0) -> dict[int, float]:
    """Return scores times a weight, the best being the weight itself."""
    best = max(scores.values(), default=0.0)
    return {chunk: weight * score / best if best > 0 else 0.0 for chunk, score in scores.items()}


def add(left: Mapping[int, float], right: Mapping[int, float], factor: float) -> dict[int, float]:
    """Return `left + factor * right`, chunk by chunk."""
    return {chunk: left.get(chunk, 0.0) + factor * right.get(chunk, 0.0) for chunk in {*left, *right}}
