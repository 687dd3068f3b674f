"""Speed and memory side by side, as ratios from one run (`make bench`). Nothing here passes or fails.

Each comparison alternates its sides and takes each side's best time, so that a busy machine hurts both alike.
scikit-learn and PyTorch are compared where they are installed; the browser where Chromium is.
"""

import importlib.util
import subprocess
import sys
import time
import tracemalloc
from pathlib import Path

import numpy as np

from chromium import CHROMIUM
from mlp import MLP, train

ROOT = Path(__file__).resolve().parent.parent


def best(*sides, repeats=5):
    """The best wall time of each side in seconds, the sides taking turns."""
    times = [[] for _ in sides]
    for _ in range(repeats):
        for side, taken in zip(sides, times):
            start = time.perf_counter()
            side()
            taken.append(time.perf_counter() - start)
    return [min(taken) for taken in times]


def python(*arguments):
    """A side that runs Python with these arguments."""
    return lambda: subprocess.run([sys.executable, *arguments], check=True, capture_output=True)


def problem(sizes, n, seed=7):
    rng = np.random.default_rng(seed)
    return MLP.init(sizes, rng=rng), rng.normal(size=(n, sizes[0])), rng.normal(size=n)


def bare_loop(net, X, y, eta, epochs):
    """train at batch size 1 on a sigmoid-sigmoid-identity network, as short as NumPy allows."""
    W1, W2, W3 = (net.W[k].copy() for k in (1, 2, 3))
    y = y.reshape(-1, 1)
    for _ in range(epochs):
        for i in range(len(X)):
            O0 = X[i : i + 1]
            O1 = 1 / (1 + np.exp(-(O0 @ W1)))
            O2 = 1 / (1 + np.exp(-(O1 @ W2)))
            error = O2 @ W3 - y[i : i + 1]
            (error**2).sum()
            d3 = 2 * error
            d2 = (d3 @ W3.T) * O2 * (1 - O2)
            d1 = (d2 @ W2.T) * O1 * (1 - O1)
            W3 -= eta * (O2.T @ d3)
            W2 -= eta * (O1.T @ d2)
            W1 -= eta * (O0.T @ d1)
    return W1, W2, W3


def products_alone(net, X, epochs):
    """The matrix products of one full-batch update, and nothing else."""
    W, O1, O2, d = net.W, X @ net.W[1], X @ net.W[1] @ net.W[2], np.ones((len(X), 1))
    for _ in range(epochs):
        X @ W[1], O1 @ W[2], O2 @ W[3]
        O2.T @ d, d @ W[3].T, O1.T @ O2, O2 @ W[2].T, X.T @ O1


def scikit_learn(sizes, X, y, eta, epochs, batch):
    from sklearn.neural_network import MLPRegressor

    model = MLPRegressor(hidden_layer_sizes=sizes[1:-1], activation="logistic", solver="sgd", alpha=0, batch_size=batch, momentum=0,
                         learning_rate_init=eta, max_iter=epochs, tol=0, n_iter_no_change=epochs + 1, shuffle=False)
    import warnings

    def run():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it says that it stopped at max_iter: so it should
            model.fit(X, y)

    return run


def pytorch(sizes, X, y, eta, epochs, batch):
    import torch

    layers = []
    for k in range(1, len(sizes)):
        layers += [torch.nn.Linear(sizes[k - 1], sizes[k], bias=False, dtype=torch.float64), torch.nn.Sigmoid()]
    model = torch.nn.Sequential(*layers[:-1])
    optimizer = torch.optim.SGD(model.parameters(), lr=eta)
    X, y = torch.from_numpy(X), torch.from_numpy(y.reshape(-1, 1))

    def run():
        for _ in range(epochs):
            for start in range(0, len(X), batch):
                optimizer.zero_grad()
                torch.nn.functional.mse_loss(model(X[start : start + batch]), y[start : start + batch]).backward()
                optimizer.step()

    return run


def training():
    small, large = (4, 3, 2, 1), (256, 512, 256, 1)
    for sizes, n, batch, epochs, baseline, aim in (
        (small, 392, 1, 10, lambda net, X, y, e: bare_loop(net, X, y, 0.01, e), "bare NumPy loop, aim <= 1.3"),
        (large, 256, 256, 30, lambda net, X, y, e: products_alone(net, X, e), "its matrix products alone, aim <= 1.15"),
    ):
        net, X, y = problem(sizes, n)
        sides = {
            "mlp.train": lambda: train(net, X, y, eta=0.001, epochs=epochs, batch_size=batch),
            aim: lambda: baseline(net, X, y, epochs),
        }
        for package, make in (("sklearn", scikit_learn), ("torch", pytorch)):
            if importlib.util.find_spec(package):
                sides[f"{package}, aim < 1"] = make(sizes, X, y, 0.001, epochs, batch)
            else:
                print(f"  ({package} is not installed: not compared)")
        ours, *others = best(*sides.values())
        count = epochs * -(-n // batch)
        print(f"{'-'.join(map(str, sizes))}, batch {batch}: mlp.train {ours / count * 1e6:.1f} us an update")
        for name, other in zip(list(sides)[1:], others):
            print(f"  ratio to {name}: {ours / other:.2f}")


def importing():
    ours, numpy = best(python("-c", "import mlp"), python("-c", "import numpy"), repeats=7)
    print(f"import mlp: {ours * 1e3:.0f} ms with the interpreter's start, ratio to import numpy: {ours / numpy:.2f}")


def building():
    build = python(str(ROOT / "tools" / "build.py"), "-q")
    build()  # executes what changed, if anything did
    again, nothing = best(build, python("-c", "pass"), repeats=3)
    print(f"make book with nothing changed: {again:.1f} s, aim <= 4 on the machine the book is made on "
          f"({again / nothing:.0f} times the interpreter's start)")


def memory():
    peaks = []
    for n in (20_000, 200_000):
        net, X, y = problem((4, 3, 2, 1), n)
        tracemalloc.start()
        train(net, X, y, eta=0.01, epochs=1, batch_size=1000, rng=np.random.default_rng(1))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        print(f"peak memory of train on {n} points: {peaks[-1] / 1e6:.1f} MB, {peaks[-1] / (X.nbytes + y.nbytes):.1f} times the data")
    print(f"  ten times the data, {peaks[1] / peaks[0]:.1f} times the memory")


CLICK_TO_PAINT = """async card => {
  const painted = () => new Promise(done => requestAnimationFrame(() => {
    const channel = new MessageChannel();
    channel.port1.onmessage = done;
    channel.port2.postMessage(0);
  }));
  const button = label => card.querySelector(`[aria-label="${label}"]`);
  const probe = card.ownerDocument.createElement('p');
  card.append(probe);
  const times = {stepper: [], text: []};
  for (let round = 0; round < 30; round++) {
    await painted();
    let start = performance.now();
    button(round % 6 ? 'Next step' : 'First step').click();
    await painted();
    times.stepper.push(performance.now() - start);
    start = performance.now();
    probe.textContent = round;
    await painted();
    times.text.push(performance.now() - start);
  }
  probe.remove();
  const median = list => list.sort((a, b) => a - b)[list.length >> 1];
  return {stepper: median(times.stepper), text: median(times.text)};
}"""


DRAG = """async ([card, name]) => {
  const long = [];
  new PerformanceObserver(list => long.push(...list.getEntries().map(task => task.duration))).observe({entryTypes: ['longtask']});
  const range = [...card.querySelectorAll('input[type=range]')].find(one => one.getAttribute('aria-label') === name);
  const frame = () => new Promise(requestAnimationFrame);
  for (let n = 0; n < 60; n++) {
    range.value = Number(range.min) + (n % (Number(range.max) - Number(range.min) + 1));
    range.dispatchEvent(new Event('input', {bubbles: true}));
    await frame();
  }
  await new Promise(done => setTimeout(done, 100)); // tasks are told of when they are over
  return {long: long.length, longest: Math.max(0, ...long)};
}"""
SETTLED = """async ([card, name]) => {
  const range = [...card.querySelectorAll('input[type=range]')].find(one => one.getAttribute('aria-label') === name);
  const start = performance.now();
  range.value = Number(range.value) - 1;
  range.dispatchEvent(new Event('input', {bubbles: true}));
  do await new Promise(requestAnimationFrame); while (card.dataset.state.includes('growing'));
  return performance.now() - start;
}"""
#: Page, view and what is dragged in it.
VIEWS = [("chapters/01-mlp-notation", "Names", None), ("chapters/02-loss-and-regularizers", "Descent", "η"), ("chapters/02-loss-and-regularizers", "The valley", "η"),
         ("chapters/03-chain-rule", "Nudge", "nudge"), ("chapters/03-chain-rule", "Slopes", "z"), ("chapters/04-multi-path-derivatives", "Path ledger", None),
         ("chapters/05-backpropagation", "One update", None), ("chapters/06-epochs", "Epoch tape", "η"), ("chapters/07-batches", "Batches", "m")]


def views():
    """The budgets of the views on a phone whose processor is four times slower than this one."""
    site = ROOT / "_build" / "html"
    if not (CHROMIUM and (site / f"{VIEWS[0][0]}.html").exists()):
        print("  (no Chromium, or the site is not built: the views are not measured)")
        return
    from playwright.sync_api import sync_playwright

    print("views, CPU throttled 4 times; aims: first paint <= 1000 ms, scripts at opening <= 50 ms a page, click to paint <= 100 ms, no task over 50 ms while dragging")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"])
        for path, name, dragged in VIEWS:
            page = browser.new_page(viewport={"width": 360, "height": 640}, bypass_csp=True)
            page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": 4})
            page.goto((site / f"{path}.html").as_uri())
            page.wait_for_function("performance.getEntriesByName('first-contentful-paint').length")
            opened = page.evaluate("(({domContentLoadedEventStart: end, domInteractive: start}) => end - start)(performance.getEntriesByType('navigation')[0])")
            paint = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
            card = page.get_by_role("region", name=name, exact=True).element_handle()
            times = page.evaluate(CLICK_TO_PAINT, card)
            line = f"  {name}: page painted first after {paint:.0f} ms, its scripts at opening {opened:.0f} ms; click to paint {times['stepper']:.0f} ms, {times['stepper'] / times['text']:.1f} times one line of text"
            if dragged:
                drag = page.evaluate(DRAG, [card, dragged])
                line += f"; dragging {dragged}: {drag['long']} tasks over 50 ms, the longest {drag['longest']:.0f} ms"
            if name == "Epoch tape":
                card.query_selector('[aria-label="Last step"]').click()
                page.wait_for_function("card => !card.dataset.state.includes('growing')", arg=card)
                line += f"; all 50 epochs {page.evaluate(SETTLED, [card, 'η']):.0f} ms after the last input (aim <= 400)"
            print(line)
            page.close()
        browser.close()


if __name__ == "__main__":
    training()
    importing()
    building()
    memory()
    views()
