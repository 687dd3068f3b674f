"""The cars: the file, the scale, the split, and that a built wheel has them."""

import csv
import subprocess
import sys
import zipfile
from dataclasses import FrozenInstanceError
from pathlib import Path

import numpy as np
import pytest

import mlp
from mlp.data import auto_mpg, running_example

pytestmark = pytest.mark.filterwarnings("error")

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def cars():
    return auto_mpg()


def test_the_cars_are_those_of_the_file(cars):
    with open(Path(mlp.__file__).with_name("auto-mpg.csv"), encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 392 == len(cars.y) == len(cars.names)
    columns = ("displacement_cu_in", "horsepower_hp", "weight_lb", "acceleration_s")
    assert cars.X.tolist() == [[float(row[name]) for name in columns] for row in rows]
    assert cars.y.tolist() == [float(row["fuel_economy_mpg"]) for row in rows]
    assert list(cars.names) == [row["name"] for row in rows]
    assert cars.inputs == ("displacement", "horsepower", "weight", "acceleration") and len(cars.units) == 4
    assert cars.target == "miles per gallon" and repr(cars).startswith("Cars(392 cars")
    assert cars.X.shape == cars.Xs.shape == (392, 4) and cars.y.shape == cars.ys.shape == (392,)
    assert np.isfinite(cars.X).all() and len(np.unique(cars.X, axis=0)) > 380


def test_the_first_car(cars):
    assert cars.X[0].tolist() == [307, 130, 3504, 12] and cars.y[0] == 18
    assert cars.names[0] == "chevrolet chevelle malibu"
    assert cars.Xs[0].tolist() == pytest.approx([1.077289557862118, 0.664132732900912, 0.6205403388964198, -1.285258003359191], rel=1e-13)
    assert cars.ys[0] == pytest.approx(-0.6986384086952149, rel=1e-13)
    net, x, y = running_example()
    assert x.tolist() == cars.Xs[0].tolist() and y == cars.ys[0] and type(y) is float
    assert net.sizes == (4, 3, 2, 1)


def test_standardised_by_mean_and_population_deviation(cars):
    for raw, standard, mean, deviation in ((cars.X, cars.Xs, cars.x_mean, cars.x_dev), (cars.y, cars.ys, cars.y_mean, cars.y_dev)):
        n = len(raw)
        np.testing.assert_allclose(mean, raw.sum(axis=0) / n, rtol=1e-13)
        np.testing.assert_allclose(deviation, np.sqrt(((raw - raw.sum(axis=0) / n) ** 2).sum(axis=0) / n), rtol=1e-13)  # ddof=0
        np.testing.assert_allclose(standard.mean(axis=0), 0, atol=1e-13)
        np.testing.assert_allclose((standard**2).mean(axis=0), 1, rtol=1e-13)
    assert type(cars.y_mean) is type(cars.y_dev) is float


def test_the_way_back_to_miles_per_gallon(cars):
    np.testing.assert_allclose(cars.to_mpg(cars.ys), cars.y, rtol=1e-13)
    np.testing.assert_allclose(cars.to_mpg(cars.ys.reshape(-1, 1)), cars.y.reshape(-1, 1), rtol=1e-13)
    assert cars.to_mpg(0.0) == cars.y_mean and cars.to_mpg([1.0])[0] == pytest.approx(cars.y_mean + cars.y_dev, rel=1e-15)
    with pytest.raises(ValueError, match="ys must be finite"):
        cars.to_mpg([np.nan])
    with pytest.raises(FloatingPointError):
        cars.to_mpg([1e308])


def test_the_data_cannot_be_changed(cars):
    for array in (cars.X, cars.y, cars.Xs, cars.ys, cars.x_mean, cars.x_dev, running_example()[1]):
        assert not array.flags.writeable and array.dtype == np.float64
    with pytest.raises(FrozenInstanceError):
        cars.X = None
    assert not np.shares_memory(auto_mpg().X, cars.X)


@pytest.mark.parametrize("held_out, count", [(0.2, 78), (0.5, 196), (1e-9, 1), (np.float32(0.25), 98)])
def test_split_is_complete_disjoint_and_seeded(cars, held_out, count):
    train, test = cars.split(np.random.default_rng(7), held_out)
    assert len(test.y) == count and len(train.y) == 392 - count

    def rows(*parts):
        return sorted(zip([x for part in parts for x in part.X.tolist()], [y for part in parts for y in part.y.tolist()],
                          [name for part in parts for name in part.names]))

    assert rows(train, test) == rows(cars)  # together all cars, each once, its name still with it
    again = cars.split(np.random.default_rng(7), held_out)
    assert [part.X.tobytes() for part in again] == [train.X.tobytes(), test.X.tobytes()]
    other = cars.split(np.random.default_rng(8), held_out)
    assert other[1].names != test.names
    assert not any(part.X.flags.writeable or part.y.flags.writeable for part in (train, test))


def test_split_is_standardised_by_the_training_cars_alone(cars):
    train, test = cars.split(np.random.default_rng(7))
    for part in (train, test):
        np.testing.assert_allclose(part.x_mean, train.X.mean(axis=0), rtol=1e-14)
        np.testing.assert_allclose(part.x_dev, train.X.std(axis=0, ddof=0), rtol=1e-14)
        assert part.y_mean == pytest.approx(train.y.mean(), rel=1e-14) and part.y_dev == pytest.approx(train.y.std(), rel=1e-14)
        np.testing.assert_allclose(part.Xs, (part.X - train.x_mean) / train.x_dev, rtol=1e-14)
        np.testing.assert_allclose(part.to_mpg(part.ys), part.y, rtol=1e-13)
    np.testing.assert_allclose(train.Xs.mean(axis=0), 0, atol=1e-13)
    assert np.abs(test.Xs.mean(axis=0)).max() > 1e-3 and abs(train.y_mean - cars.y_mean) > 1e-4


def test_split_refuses_what_cannot_be_standardised(cars):
    with pytest.raises(ValueError, match="held_out=0.999 of 392 cars leaves 1 to train on"):
        cars.split(np.random.default_rng(7), held_out=0.999)
    one = cars.split(np.random.default_rng(7), held_out=1e-9)[1]
    with pytest.raises(ValueError, match="held_out"):
        one.split(np.random.default_rng(7))


def test_a_built_wheel_has_the_data_and_the_views(tmp_path, monkeypatch):
    from flit_core import buildapi

    monkeypatch.chdir(ROOT)
    with zipfile.ZipFile(tmp_path / buildapi.build_wheel(str(tmp_path))) as wheel:
        shipped = set(wheel.namelist())
        assert wheel.read("mlp/auto-mpg.csv") == (ROOT / "src" / "mlp" / "auto-mpg.csv").read_bytes()
    package = ROOT / "src" / "mlp"
    wanted = {
        path.relative_to(package.parent).as_posix()
        for path in package.rglob("*")
        if path.is_file() and path.suffix in (".py", ".csv", ".js", ".css")
    }
    assert wanted <= shipped
    whole = "from mlp import data, widgets; from mlp.widgets.script import joined; print(len(data.auto_mpg().y), widgets.predict('0.sum-of-squares').spec['answer'], len(joined('network')) > 999)"
    read = f"import sys; sys.path.insert(0, sys.argv[1]); {whole}; assert '.whl' in data.__file__"  # zipped as it is
    run = subprocess.run([sys.executable, "-c", read, next(tmp_path.glob("*.whl"))], cwd=tmp_path, capture_output=True, text=True)
    assert run.stdout == "392 18.0 True\n" and run.returncode == 0, run.stderr
