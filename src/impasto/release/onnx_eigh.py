"""Eigenvalues of small symmetric matrices in ONNX, which has no operator for them.

The cyclic method of Jacobi (Golub and Van Loan, "Matrix Computations", 8.5): rotations in plain
arithmetic, in float64. The painter's colour maps need it for 3 × 3 matrices.
"""

from typing import Any, Final

import numpy as np

SIZE: Final = 3
SWEEPS: Final = 5  # over all pairs, after which nothing is left beside the diagonal


def jacobi_eigh(matrix: Any, UPLO: str = "L", compute_v: bool = True) -> tuple[Any, Any]:
    """Translate ``aten::_linalg_eigh`` of matrices ``(N, 3, 3)``; eigenvalues are in no order."""
    from onnxscript import opset18 as op  # noqa: PLC0415 – optional

    def constant(values: Any, kind: type = np.float64) -> Any:
        from onnx import numpy_helper  # noqa: PLC0415 – optional

        return op.Constant(value=numpy_helper.from_array(np.asarray(values, kind)))

    eye = np.eye(SIZE)
    axes, one, zero = constant([1, 2], np.int64), constant(1.0), constant(0.0)
    a = op.Cast(matrix, to=11)  # float64
    vectors = constant(eye[None])
    for _ in range(SWEEPS):
        for p in range(SIZE - 1):
            for q in range(p + 1, SIZE):
                rest = eye - np.diag(eye[p] + eye[q])
                plane = np.outer(eye[p], eye[q])
                beside = op.ReduceSum(op.Mul(a, constant(plane)), axes)  # (N, 1, 1)
                apart = constant(np.diag(eye[q] - eye[p]))
                theta = op.Div(
                    op.ReduceSum(op.Mul(a, apart), axes),
                    op.Where(op.Equal(beside, zero), one, op.Add(beside, beside)),
                )
                root = op.Sqrt(op.Add(op.Mul(theta, theta), one))
                sign = op.Where(op.Less(theta, zero), constant(-1.0), one)
                tangent = op.Div(sign, op.Add(op.Abs(theta), root))
                tangent = op.Where(op.Equal(beside, zero), zero, tangent)
                cosine = op.Div(one, op.Sqrt(op.Add(op.Mul(tangent, tangent), one)))
                sine = op.Mul(tangent, cosine)
                turn = op.Add(
                    op.Add(
                        op.Mul(cosine, constant(np.diag(eye[p] + eye[q]))),
                        op.Mul(sine, constant(plane - plane.T)),
                    ),
                    constant(rest),
                )
                back = op.Transpose(turn, perm=[0, 2, 1])
                a = op.MatMul(op.MatMul(back, a), turn)
                vectors = op.MatMul(vectors, turn)
    values = op.ReduceSum(op.Mul(a, constant(eye)), constant([2], np.int64), keepdims=0)
    return op.Cast(values, to=1), op.Cast(vectors, to=1)
