"""Multinomial logistic regression that leaves features out at random while it learns.

Takes a sparse matrix of passages and features, the label and the weight of each passage; gives the
coefficients. In each step a share of the features of each passage is not seen, so that none is
relied on alone (dropout: Srivastava et al., 2014; of the inputs it is an L2 penalty that suits
each feature: Wager et al., 2013). Steps are those of Adam (Kingma and Ba, 2015); the mean of a few
runs is taken, which of a linear model is one again. The same rows give the same coefficients.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

Floats = NDArray[np.float32]

LEFT_OUT = 0.3  # share of the features; like all here, chosen by cross-validation
PASSES = 8  # over as many rows as there are
ROWS = 256  # of a step
STEP = 3e-3  # falls to nothing in the second half
RUNS = 3  # whose mean is taken
SLOW, SLOWER = 0.9, 0.99  # decay of the means of the gradient, and of its square
TINY = 1e-7


def learn(
    matrix: csr_matrix,
    labels: Sequence[int],
    weights: Sequence[float],
    classes: int,
) -> tuple[Floats, Floats]:
    """Return the coefficients, features by classes, and the intercepts.

    `matrix` has a row for each passage and a column for each feature, of float32.
    """
    found = [
        _run(matrix, np.array(labels), np.array(weights), classes, seed) for seed in range(RUNS)
    ]
    return (
        np.mean([coefficients for coefficients, _ in found], axis=0),
        np.mean([intercepts for _, intercepts in found], axis=0),
    )


def _run(
    matrix: csr_matrix,
    labels: NDArray[np.int_],
    weights: NDArray[np.float64],
    classes: int,
    seed: int,
) -> tuple[Floats, Floats]:
    """Return what one run learns; how often a row is drawn goes by its weight."""
    random = np.random.default_rng(seed)
    count, features = matrix.shape
    coefficients = _Moving(np.zeros((features, classes), np.float32))
    intercepts = _Moving(np.zeros(classes, np.float32))
    shares = np.cumsum(weights) / np.sum(weights)
    steps = PASSES * (count // ROWS)
    for step in range(1, steps + 1):
        drawn = np.searchsorted(shares, random.random(ROWS)).clip(0, count - 1)
        rows = matrix[drawn]
        seen = random.random(rows.data.size, dtype=np.float32) >= LEFT_OUT
        rows.data = rows.data * seen / np.float32(1 - LEFT_OUT)
        wrong = _chances(rows @ coefficients.value + intercepts.value)
        wrong[np.arange(ROWS), labels[drawn]] -= 1
        wrong /= ROWS
        length = STEP * min(1.0, 2 * (1 - step / steps))
        coefficients.move(rows.T @ wrong, length, step)
        intercepts.move(wrong.sum(axis=0), length, step)
    return coefficients.value, intercepts.value


class _Moving:
    """A value that follows its gradients."""

    def __init__(self, value: Floats) -> None:
        self.value = value
        self._mean = np.zeros_like(value)
        self._square = np.zeros_like(value)

    def move(self, gradient: Floats, length: float, step: int) -> None:
        self._mean += (1 - SLOW) * (gradient - self._mean)
        self._square += (1 - SLOWER) * (gradient * gradient - self._square)
        bias = np.sqrt(1 - SLOWER**step) / (1 - SLOW**step)
        self.value -= np.float32(length * bias) * self._mean / (np.sqrt(self._square) + TINY)


def _chances(scores: Floats) -> Floats:
    raised: Floats = np.exp(scores - scores.max(axis=1, keepdims=True))
    raised /= raised.sum(axis=1, keepdims=True)
    return raised
