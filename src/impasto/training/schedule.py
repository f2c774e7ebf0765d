"""The learning rate over a training.

Linear warm-up, then level or half a cosine to zero (arXiv:1608.03983).
"""

import math


def warmup_cosine(step: int, steps: int, warmup: int) -> float:
    """The factor on the peak learning rate at ``step`` of ``steps``, in (0, 1]."""
    if step < warmup:
        return (step + 1) / warmup
    progress = (step - warmup) / max(1, steps - warmup)
    return max(0.5 * (1 + math.cos(math.pi * progress)), 1e-8)


def warmup_constant(step: int, warmup: int) -> float:
    """The factor on the peak learning rate at ``step``, in (0, 1].

    The same however long the training is.
    """
    return min(1.0, (step + 1) / max(1, warmup))


def growing_resolution(step: int, steps: int, *, first: int, last: int, share: float) -> int:
    """Progressive resizing: pixels of a step, growing evenly from ``first`` to ``last``.

    Progressive resizing (Howard 2018, in the fast.ai entry to DAWNBench; Touvron et al. 2019,
    arXiv:1906.06423, on what resolution does): small pictures cost little and teach the coarse
    things first.

    Args:
        step: from 0.
        steps: of the whole training.
        first: at the beginning; a value above ``last`` counts as ``last``.
        last: at the end.
        share: of the steps after which ``last`` is reached; 0: from the beginning.
    """
    grown = min(1.0, step / (share * steps)) if share else 1.0
    if first >= last or grown >= 1:
        return last
    # Multiples of 8 keep the kernels few
    return min(last, round((first + (last - first) * grown) / 8) * 8)
