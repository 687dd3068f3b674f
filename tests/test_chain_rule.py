"""Paths and their products: the worked example digit for digit, and that the paths' sum is backprop's entry."""

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from strategies import problems

import mlp
from mlp import MLP, backprop, factors, forward, identity, path_gradient, paths

pytestmark = pytest.mark.filterwarnings("error")

# The worked example, by hand. The first car: displacement 307, horsepower 130, weight 3504, acceleration 12; 18 mpg.
# Standardised by the 392 cars' means and population deviations:
#     x1 = (307  -  194.411990) / 104.510444 =  1.077290        x3 = (3504 - 2977.584184) / 848.318447 =  0.620540
#     x2 = (130  -  104.469388) /  38.442033 =  0.664133        x4 = (12   -   15.541327) /   2.755343 = -1.285258
#     y  = (18   -   23.445918) /   7.795046 = -0.698638
X = (1.077289557862118, 0.664132732900912, 0.6205403388964198, -1.285258003359191)
Y = -0.6986384086952149
W1 = ((0.4, -0.3, 0.2), (-0.5, 0.6, 0.1), (0.3, 0.2, -0.4), (0.1, -0.2, 0.5))
W2 = ((0.7, -0.4), (-0.2, 0.5), (0.6, 0.3))
W3 = ((0.8,), (-0.6,))

# Layer 1, Z_1j = x1 w_1j + x2 w_2j + x3 w_3j + x4 w_4j and O_1j = 1 / (1 + exp(-Z_1j)):
#     Z_11 =  0.430916 - 0.332066 + 0.186162 - 0.128526 =  0.156486        O_11 = 0.539042
#     Z_12 = -0.323187 + 0.398480 + 0.124108 + 0.257052 =  0.456452        O_12 = 0.612172
#     Z_13 =  0.215458 + 0.066413 - 0.248216 - 0.642629 = -0.608974        O_13 = 0.352293
# Layer 2, Z_2j = O_11 w_1j + O_12 w_2j + O_13 w_3j:
#     Z_21 =  0.377329 - 0.122434 + 0.211376 =  0.466271                   O_21 = 0.614501
#     Z_22 = -0.215617 + 0.306086 + 0.105688 =  0.196157                   O_22 = 0.548883
# Layer 3, the identity: Z_31 = O_31 = 0.8 * 0.614501 - 0.6 * 0.548883 = 0.491601 - 0.329330 = 0.162271 = yhat
# Loss: L = (-0.698638 - 0.162271)^2 = 0.860909^2 = 0.741165
Z = {
    1: (0.15648575802739806, 0.45645244083303393, -0.6089739523756486),
    2: (0.46627078225653884, 0.19615739599704357),
    3: (0.16227095241364214,),
}
O = {
    1: (0.539041801376401, 0.6121722598351248, 0.35229328876680527),
    2: (0.6145007216260574, 0.5488827081453397),
    3: (0.16227095241364214,),
}
L = 0.7411649280448602

# The derivatives. dL/dO_31 = 2 (0.162271 + 0.698638) = 1.721819.
# f'_kj = O_kj (1 - O_kj):   f'_11 = 0.248476   f'_12 = 0.237417   f'_13 = 0.228183   f'_21 = 0.236890   f'_22 = 0.247610
# N7:  dL/dw3_i1 = dL/dO_31 * O_2i
#     w3_11: 1.721819 * 0.614501 = 1.058059        w3_21: 1.721819 * 0.548883 = 0.945077
# N8:  dL/dw2_ij = dL/dO_31 * (f'_31 w3_j1) * (f'_2j O_1i), and f'_31 = 1.  With the part that hangs on j alone,
#      dL/dZ_21 = 1.721819 *  0.8 * 0.236890 =  0.326305   and   dL/dZ_22 = 1.721819 * -0.6 * 0.247610 = -0.255804:
#     w2_11:  0.326305 * 0.539042 =  0.175892      w2_12: -0.255804 * 0.539042 = -0.137889
#     w2_21:  0.326305 * 0.612172 =  0.199755      w2_22: -0.255804 * 0.612172 = -0.156596
#     w2_31:  0.326305 * 0.352293 =  0.114955      w2_32: -0.255804 * 0.352293 = -0.090118
# N9:  w1_11 along its two paths, (1, 1, 1) through O_21 and (1, 2, 1) through O_22:
#     1.721819 *  0.8 * (0.236890 *  0.7 =  0.165823) * (0.248476 * 1.077290 = 0.267680) = 0.061142
#     1.721819 * -0.6 * (0.247610 * -0.4 = -0.099044) * (0.248476 * 1.077290 = 0.267680) = 0.027390
#                                                                                  sum:    0.088531
#      and for all twelve, dL/dZ_1j = f'_1j (0.326305 w2_j1 - 0.255804 w2_j2), then times x_i:
#     dL/dZ_11 = 0.248476 * ( 0.228413 + 0.102322) =  0.082180      rows of dL/dW1: 0.088531 -0.049405  0.029263
#     dL/dZ_12 = 0.237417 * (-0.065261 - 0.127902) = -0.045860                      0.054578 -0.030457  0.018040
#     dL/dZ_13 = 0.228183 * ( 0.195783 - 0.076741) =  0.027163                      0.050996 -0.028458  0.016856
#                                                                                  -0.105622  0.058942 -0.034912
DERIVATIVES = {
    (3, 1, 1): 1.0580588473120414,
    (3, 2, 1): 0.9450765231862072,
    (2, 1, 1): 0.17589189360356258,
    (2, 1, 2): -0.13788916595351866,
    (2, 2, 1): 0.19975470866828818,
    (2, 2, 2): -0.15659624562140975,
    (2, 3, 1): 0.11495496918197425,
    (2, 3, 2): -0.09011810890182956,
    (1, 1, 1): 0.0885312507165999,
    (1, 1, 2): -0.04940478727572942,
    (1, 1, 3): 0.02926266601412266,
    (1, 2, 1): 0.054578178221863595,
    (1, 2, 2): -0.03045730477229586,
    (1, 2, 3): 0.018039991393301254,
    (1, 3, 1): 0.05099577167686072,
    (1, 3, 2): -0.028458145923206404,
    (1, 3, 3): 0.016855881088694766,
    (1, 4, 1): -0.10562201935449606,
    (1, 4, 2): 0.058942275813385944,
    (1, 4, 3): -0.034911761113618676,
}


def by_scalar_loops():
    """The same again, a second implementation: plain floats, math.exp, the sums and products of N7 to N9."""

    def f(z):
        return 1 / (1 + math.exp(-z))

    z1 = [sum(X[i] * W1[i][j] for i in range(4)) for j in range(3)]
    o1 = [f(z) for z in z1]
    z2 = [sum(o1[i] * W2[i][j] for i in range(3)) for j in range(2)]
    o2 = [f(z) for z in z2]
    yhat = sum(o2[i] * W3[i][0] for i in range(2))
    dL = 2 * (yhat - Y)
    d = {}
    for i in range(2):
        d[3, i + 1, 1] = dL * o2[i]
    for i in range(3):
        for j in range(2):
            d[2, i + 1, j + 1] = dL * W3[j][0] * f(z2[j]) * (1 - f(z2[j])) * o1[i]
    for i in range(4):
        for j in range(3):
            d[1, i + 1, j + 1] = sum(
                dL * W3[m][0] * f(z2[m]) * (1 - f(z2[m])) * W2[j][m] * f(z1[j]) * (1 - f(z1[j])) * X[i] for m in range(2)
            )
    return {1: z1, 2: z2, 3: [yhat]}, {1: o1, 2: o2, 3: [yhat]}, (Y - yhat) ** 2, d


def close(value):
    return pytest.approx(value, rel=1e-13, abs=1e-16)


def test_the_literals_above_are_what_scalar_loops_compute():
    z, o, loss, d = by_scalar_loops()
    for k in (1, 2, 3):
        assert z[k] == close(list(Z[k])) and o[k] == close(list(O[k]))
    assert loss == close(L) and d == close(DERIVATIVES) and len(d) == 20


def test_the_running_example_forward():
    net, x, y = mlp.data.running_example()
    assert x.tolist() == close(list(X)) and y == close(Y)
    assert [net.W[k].tolist() for k in (1, 2, 3)] == [[list(row) for row in W] for W in (W1, W2, W3)]
    record = forward(net, [x])
    for k in (1, 2, 3):
        assert record.Z[k][0].tolist() == close(list(Z[k]))
        assert record.O[k][0].tolist() == close(list(O[k]))
    assert record.O[0].tolist() == [x.tolist()]
    assert mlp.squared_loss([y], record.yhat) == close(L)


def test_the_running_example_all_twenty_derivatives():
    net, x, y = mlp.data.running_example()
    grad = backprop(net, [x], [y])
    numerical = mlp.numerical_gradients(net, [x], [y])
    assert {k: grad.W[k].shape for k in grad.W} == {1: (4, 3), 2: (3, 2), 3: (2, 1)}
    for (k, i, j), derivative in DERIVATIVES.items():
        assert grad.W[k][i - 1, j - 1] == close(derivative)
        along = [path_gradient(net, x, y, k, i, j, path) for path in paths(net, k, i, j)]
        assert len(along) == (2 if k == 1 else 1) and sum(along) == close(derivative)
        assert numerical.W[k][i - 1, j - 1] == pytest.approx(derivative, abs=1e-9)


def test_the_running_example_every_factor_of_both_paths():
    net, x, y = mlp.data.running_example()
    # over, under, value, and what is inside: f' times a weight, f' times the input.
    shared_first = (("L",), ("O", 3, 1), 1.721818722217714, [])
    shared_last = (("O", 1, 1), ("w", 1, 1, 1), 0.2676803176550824, [("f'", 1, 1), 0.24847573774528564, ("O", 0, 1), X[0]])
    ways = {
        (1, 1, 1): [
            shared_first,
            (("O", 3, 1), ("O", 2, 1), 0.8, [("f'", 3, 1), 1.0, ("w", 3, 1, 1), 0.8]),
            (("O", 2, 1), ("O", 1, 1), 0.16582270932297846, [("f'", 2, 1), 0.2368895847471121, ("w", 2, 1, 1), 0.7]),
            shared_last,
        ],
        (1, 2, 1): [
            shared_first,
            (("O", 3, 1), ("O", 2, 2), -0.6, [("f'", 3, 1), 1.0, ("w", 3, 2, 1), -0.6]),
            (("O", 2, 2), ("O", 1, 1), -0.09904419233775102, [("f'", 2, 2), 0.24761048084437753, ("w", 2, 1, 2), -0.4]),
            shared_last,
        ],
    }
    products = {(1, 1, 1): 0.061141749086570545, (1, 2, 1): 0.02738950163002936}
    assert list(paths(net, 1, 1, 1)) == list(ways)
    for path, expected in ways.items():
        came = factors(net, x, y, 1, 1, 1, path)
        assert [(f.over, f.under) for f in came] == [(over, under) for over, under, _, _ in expected]
        assert [f.value for f in came] == close([value for _, _, value, _ in expected])
        for f, (_, _, _, inside) in zip(came, expected):
            assert [name for name, _ in f.inside] == inside[::2] and [number for _, number in f.inside] == close(inside[1::2])
            assert not f.inside or f.inside[0][1] * f.inside[1][1] == f.value
        assert path_gradient(net, x, y, 1, 1, 1, path) == close(products[path]) == close(math.prod(f.value for f in came))


# --- paths ----------------------------------------------------------------------------------------------

def test_paths_by_enumeration():
    net = MLP.init((2, 3, 2, 3, 2), rng=np.random.default_rng(0))
    expected = [(2, a, b, c) for a in (1, 2) for b in (1, 2, 3) for c in (1, 2)]
    ways = paths(net, 1, 1, 2)
    assert list(ways) == expected and ways == expected and len(ways) == 12
    assert [ways[n] for n in range(-12, 12)] == expected * 2
    assert ways[2:5] == expected[2:5] and ways[::-1] == expected[::-1] and ways[np.int64(3)] == expected[3]
    assert all(path in ways for path in expected) and ways.index(expected[7]) == 7
    for other in [(1, 1, 1, 1), (2, 3, 1, 1), (2, 0, 1, 1), (2, 1, 1), (2, 1, 1, 1, 1), [2, 1, 1, 1], (2, "a", 1, 1), None]:
        assert other not in ways
    assert paths(net, 4, 3, 2) == [(2,)] and paths(net, 3, 1, 3) == [(3, 1), (3, 2)]
    for n in (12, -13):
        with pytest.raises(IndexError):
            ways[n]
    with pytest.raises(TypeError):
        ways[1.0]


def test_a_deep_network_has_more_paths_than_can_be_counted_in_a_machine_word():
    net = MLP.init([2] * 80 + [1], rng=np.random.default_rng(0))
    ways = paths(net, 1, 1, 2)
    ones = (2,) + (1,) * 79
    assert next(iter(ways)) == ways[0] == ones and ones in ways
    assert ways[-1] == (2,) * 79 + (1,)
    assert repr(ways).endswith(", ...]")
    assert math.isfinite(path_gradient(net, [1, 1], 1, 1, 1, 2, ones))
    with pytest.raises(ValueError, match=rf"path must be one of the {2**78} paths of w\^1_12"):
        path_gradient(net, [1, 1], 1, 1, 1, 2, (1,))


def test_a_path_may_be_written_as_a_list_or_an_array():
    net, x, y = mlp.data.running_example()
    expected = path_gradient(net, x, y, 1, 1, 1, (1, 2, 1))
    for path in ([1, 2, 1], np.array([1, 2, 1]), (np.int8(1), 2, 1)):
        assert path_gradient(net, x, y, 1, 1, 1, path) == expected
    assert path_gradient(net, list(x), np.float32(0), np.int64(1), 1, 1, (1, 2, 1)) == path_gradient(net, x, [0], 1, 1, 1, (1, 2, 1))


@given(problems(most_points=1), st.data())
def test_the_paths_sum_to_backprops_entry(problem, data):
    net, x, y = problem.net, problem.X[0], problem.y[0]
    grad = backprop(net, problem.X, problem.y)
    target = float(y[0]) if len(y) == 1 else y
    for k in net.layers:
        for i in range(1, net.sizes[k - 1] + 1):
            for j in range(1, net.sizes[k] + 1):
                parts = [path_gradient(net, x, target, k, i, j, path) for path in paths(net, k, i, j)]
                assert len(parts) == math.prod(net.sizes[k + 1 :]) and len(set(paths(net, k, i, j))) == len(parts)
                scale = sum(map(abs, parts))
                assert sum(parts) == pytest.approx(grad.W[k][i - 1, j - 1], rel=1e-11, abs=1e-12 * scale + 1e-300)


def test_a_product_that_overflows_is_said():
    net = MLP(W={1: [[1e200]], 2: [[1e100]]}, f={1: identity})
    with pytest.raises(FloatingPointError, match="left the finite numbers"):
        path_gradient(net, [1e-100], 1e300, 1, 1, 1, (1, 1))


@given(problems(most_points=1, most_layers=2))
def test_factors_are_local_derivatives(problem):
    """Each factor d(over)/d(under), nudging the unit below and watching the unit above."""
    assume(not problem.near_a_kink())
    net, x, y = problem.net, problem.X[0], problem.y[0]
    K, h = len(net.layers), 1e-6
    record = forward(net, problem.X)
    path = paths(net, 1, 1, 1)[-1]
    product = factors(net, x, y, 1, 1, 1, path)
    for factor in product[1:-1]:
        (_, layer, b), (_, below, a) = factor.over, factor.under
        outputs = []
        for sign in (1, -1):
            below_values = record.O[below][0].copy()
            below_values[a - 1] += sign * h
            outputs.append(float(net.f[layer](below_values @ net.W[layer] + net.b[layer])[b - 1]))
        assert factor.value == pytest.approx((outputs[0] - outputs[1]) / (2 * h), abs=1e-7)
    assert product[0].value == pytest.approx(2 * (record.yhat[0, path[-1] - 1] - y[path[-1] - 1]), rel=1e-13)
    assert len(product) == K + 1


def test_more_paths_than_python_can_count():
    net = MLP.init((4, 5, *[10] * 20, 1), rng=np.random.default_rng(0))
    ways = paths(net, 1, 1, 1)
    assert ways and ways == paths(net, 1, 2, 1) and ways != paths(net, 1, 1, 2) and ways != [(1,)]
    assert ways[10**19] in ways and ways[-1] == (1, *[10] * 20, 1)


def test_paths_are_equal_where_all_of_them_are():
    some = paths(MLP.init((2, 2, 2, 1), rng=np.random.default_rng(1)), 1, 1, 1)
    assert some == [*some] and some != [some[0], (9, 9, 9)] and some != [some[0]]
