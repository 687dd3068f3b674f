"""The epoch tape on the published page of chapter 6, driven as a reader would; what it shows, computed again in Python."""

import json
import re

import numpy as np
import pytest
from playwright.sync_api import expect
from support import HTML, PHONE, WIDE, address, cut

from mlp import data
from mlp.trace import epoch_tape, epochs

PAGE = "chapters/06-epochs.html"
NET, _, _ = data.running_example()
CARS = data.auto_mpg()
SPEC = epoch_tape(NET, CARS.Xs, CARS.ys)
REST = {"index": 0, **SPEC["traits"]}
END = 19_600
FIRST, LAST = SPEC["live"]["words"]["first, file"].format(point="car"), "Shuffled before each epoch instead: will L after 50 epochs be smaller or larger?"

CUT = cut("button, select, input, label, .value, .title, .chart-title, svg, svg text")

# The right-most point of each curve of the chart, in epochs.
REACH = """card => [...card.querySelectorAll('.panel-loss .mark.line')].map(path => {
  const ticks = [...card.querySelectorAll('.panel-loss .grid text')].filter(text => text.getAttribute('text-anchor') === 'middle' && /^\\d+$/.test(text.textContent));
  const at = text => +text.getAttribute('x'), zero = at(ticks[0]), per = (at(ticks.at(-1)) - zero) / +ticks.at(-1).textContent;
  const xs = [...(path.getAttribute('d') ?? '').matchAll(/[ML](-?[\\d.]+) /g)].map(found => (found[1] - zero) / per);
  return xs.length ? Math.max(...xs) : 0;
})"""


def opened(page, where, state=""):
    page.goto(where + (f"#epoch-tape-{state}" if state else ""))
    return page.get_by_role("region", name="Epoch tape")


def frame(**state):
    return epochs.frame(SPEC, {**REST, **state})


def state_of(card):
    """What the page says its state is, once it stands still."""
    expect(card).not_to_have_attribute("data-state", re.compile("growing"))
    return json.loads(card.get_attribute("data-state"))


def told(card):
    return card.get_by_role("status").inner_text()


def press(card, name, times=1):
    for _ in range(times):
        card.get_by_role("button", name=name).click()


@pytest.mark.parametrize("viewport, theme, scheme", [(WIDE, "light", "http"), (PHONE, "dark", "file"), (PHONE, "light", "http"), (WIDE, "dark", "file")])
def test_from_the_question_through_the_first_epoch(site, pages, viewport, theme, scheme):
    page = pages(viewport, theme)
    card = opened(page, address(site, PAGE, scheme))
    assert told(card) == f"{frame()['status']} {FIRST}"
    everything = card.evaluate("card => card.outerHTML")
    assert "553.6" not in everything and "229.8" not in everything and page.locator(".mlp-view script").count() == 0, "nothing is told before it is asked"
    card.get_by_role("radio", name="smaller").check()
    card.get_by_role("button", name="Check").click()
    assert "No, not “smaller”." in card.locator(".question").inner_text() and "553.6" not in card.evaluate("card => card.outerHTML")
    card.get_by_role("radio", name="larger").check()
    card.get_by_role("button", name="Check").click()
    assert told(card) == f"Yes, larger. {frame()['ask']['why']} {frame()['status']}"
    for quarter in range(1, 5):
        press(card, "Next step")
        assert told(card) == frame(index=98 * quarter)["status"]
        assert card.locator(".panel-errors svg text").all_text_contents() == [mean[3] for mean in frame(index=98 * quarter)["shows"]["errors"]["means"]]
        assert card.evaluate(CUT) == []
    press(card, "Previous step")
    assert told(card) == frame(index=294)["status"]
    assert page.log.problems == []


def test_who_goes_on_has_passed(site, pages):
    card = opened(pages(WIDE, "light"), f"{site}/{PAGE}")
    press(card, "Next step")
    press(card, "First step")
    assert told(card) == frame()["status"] and not card.locator(".question").is_visible()


def test_by_one_car_and_by_epochs(site, pages):
    card = opened(pages(WIDE, "light"), f"{site}/{PAGE}")
    card.get_by_role("combobox", name="by").select_option("car")
    press(card, "Next step", 3)
    assert told(card) == frame(index=3)["status"]
    card.get_by_role("combobox", name="by").select_option("epoch")
    press(card, "Next step", 2)
    assert told(card) == frame(index=784)["status"]
    press(card, "Previous step", 2)
    assert state_of(card)["index"] == 0


def test_no_curve_reaches_beyond_where_one_has_been(site, pages):
    page = pages(WIDE, "light")
    card = opened(page, f"{site}/{PAGE}")
    card.get_by_role("combobox", name="by").select_option("epoch")
    assert card.evaluate(REACH) == pytest.approx([0, 0], abs=0.05)
    for epoch in (1, 2, 3):
        press(card, "Next step")
        assert max(card.evaluate(REACH)) == pytest.approx(epoch, abs=0.05)
    press(card, "First step")
    assert max(card.evaluate(REACH)) == pytest.approx(3, abs=0.05), "what has been seen stays"
    card.get_by_role("combobox", name="order").select_option("shuffled anew")
    press(card, "Next step")
    assert sorted(card.evaluate(REACH)) == pytest.approx([1, 1, 3, 3], abs=0.05), "the other order is a grey line"
    card.get_by_role("button", name="η larger").click()
    state_of(card)
    assert sorted(card.evaluate(REACH)) == pytest.approx([1, 1, 3, 3], abs=0.05)


def test_turning_eta_draws_all_uncovered_epochs_anew(site, pages):
    page = pages(WIDE, "light")
    card = opened(page, f"{site}/{PAGE}")
    press(card, "Last step")
    state_of(card)
    path = card.locator(".panel-loss .mark.line").first
    before = path.get_attribute("d")
    slider = card.get_by_role("slider", name="η")
    for key, eta in (("ArrowRight", 0.03), ("ArrowRight", 0.05), ("Home", 0.001), ("End", 0.3)):
        slider.press(key)
        state = state_of(card)
        assert state["eta"] == eta and state["index"] == END
        L = re.search(r"L = ([\d.]+)\.", frame(index=END, eta=eta)["status"])[1]
        assert f"L = {L}." in told(card)
        after = path.get_attribute("d")
        assert after != before and after.count("L") == 50
        before = after
    card.get_by_role("button", name="Rewind").click()
    assert state_of(card) == REST
    assert card.get_by_role("button", name="Rewind").count() == 0


def test_the_last_question_the_other_order_and_the_task_by_keyboard_alone(site, pages):
    page = pages(PHONE, "light")
    card = opened(page, f"{site}/{PAGE}")
    card.get_by_role("slider", name="Step").focus()
    page.keyboard.press("End")
    state_of(card)
    assert told(card).endswith(LAST) and "101.2" not in card.evaluate("card => card.outerHTML") and "Task" not in told(card)
    card.get_by_role("radio", name="smaller").focus()
    page.keyboard.press(" ")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert told(card).startswith("Yes, smaller. 101.2 against 194.4; along the way it is 103.1 against 58.4.")
    assert told(card).endswith("Task: in the order of the file, bring L after 50 epochs below 120. Turn η.")
    card.get_by_role("slider", name="η").focus()
    for key, solved in (("ArrowRight", False), ("Home", True), ("ArrowRight", True), ("ArrowRight", False)):
        page.keyboard.press(key)
        state = state_of(card)
        assert told(card) == frame(**state)["status"] and ("✓ In the order of the file" in told(card)) == solved, state
    assert page.log.problems == []


def test_choosing_the_other_order_uncovers_nothing(site, pages):
    card = opened(pages(WIDE, "light"), f"{site}/{PAGE}")
    press(card, "Last step")
    state_of(card)
    card.get_by_role("combobox", name="order").select_option("shuffled anew")
    assert state_of(card)["index"] == 0 and "In random order, each car makes one update: will L be smaller or larger" in told(card)
    press(card, "Last step")
    assert state_of(card)["index"] == END and told(card) == frame(index=END, order="shuffled")["status"], "both have been seen: no question is left"
    card.get_by_role("combobox", name="order").select_option("as in the file")
    assert state_of(card)["index"] == END and told(card) == frame(index=END)["status"]


@pytest.mark.parametrize("seed", [1, 2])
def test_after_random_actions_every_number_is_pythons(site, pages, seed):
    page = pages(WIDE, "light")
    card = opened(page, f"{site}/{PAGE}")
    press(card, "Next step")  # past the question
    rng = np.random.default_rng(seed)
    step, tape = card.get_by_role("slider", name="Step"), card.locator(".panel-turns svg").bounding_box()
    actions = [
        lambda: press(card, "Next step"), lambda: press(card, "Previous step"), lambda: card.get_by_role("combobox", name="order").select_option(["file", "shuffled"][rng.integers(2)]),
        lambda: card.get_by_role("spinbutton", name="seed").fill(str([1, 7][rng.integers(2)])), lambda: card.get_by_role("button", name=f"η {['larger', 'smaller'][rng.integers(2)]}").click(),
        lambda: card.get_by_role("combobox", name="by").select_option(["car", "quarter", "epoch"][rng.integers(3)]), lambda: card.get_by_role("combobox", name="show").select_option(["loss", "change"][rng.integers(2)]),
        lambda: step.fill(str(rng.integers(3000))), lambda: page.mouse.click(tape["x"] + rng.random() * tape["width"], tape["y"] + 20),
    ]  # fmt: skip
    for n in range(40):
        choice = actions[rng.integers(len(actions))]
        if choice in actions[:2] and card.get_by_role("button", name="Next step" if choice is actions[0] else "Previous step").is_disabled():
            continue
        choice()
        if n % 2:
            continue
        state = state_of(card)
        expected = frame(**state)
        asked = card.locator(".question").is_visible()
        assert told(card) == (f"{expected['ask']['before']['status']} {expected['ask']['question']}" if asked else expected["status"]), state
        shows = expected["shows"]
        assert card.locator(".panel-turns .chart-title").inner_text() == shows["turns"]["title"]
        assert card.locator(".panel-errors svg text").all_text_contents() == [mean[3] for mean in shows["errors"]["means"]]
        assert card.locator(".panel-errors svg").get_attribute("aria-label").endswith(shows["errors"]["said"])
        assert {text for text in card.locator(".panel-learned svg.plane text").all_text_contents() if text} == {
            mark["text"] for mark in shows["learned"]["marks"] if "text" in mark}
        assert card.locator(".panel-learned svg.chart").get_attribute("aria-label").endswith(shows["learned"]["said"])
    assert page.log.problems == []


@pytest.mark.parametrize("viewport, most", [(WIDE, 580), (PHONE, 600)], ids=["wide", "phone"])
def test_the_drawing_the_sentence_and_next_are_seen_together(site, pages, viewport, most):
    page = pages(viewport, "light")
    card = opened(page, f"{site}/{PAGE}")
    tops = set()
    for state in ("file-seed1-eta0.02-quarter-loss-step0", "file-seed1-eta0.02-quarter-loss-step98", "shuffled-seed1-eta0.02-quarter-change-step19600", "file-seed7-eta0.3-car-loss-step19600"):
        page.evaluate(f"location.hash = '#epoch-tape-{state}'")
        state_of(card)
        assert card.bounding_box()["height"] <= most, state
        assert card.evaluate(CUT) == [], state
        tops.add(round(card.locator(".foot").bounding_box()["y"] - card.bounding_box()["y"]))
    assert len(tops) == 1, "nothing moves above the sentence"
    assert page.evaluate("document.documentElement.scrollWidth") <= viewport[0]


def test_a_state_can_be_linked_to(site, pages):
    page = pages(WIDE, "light")
    card = opened(page, f"{site}/{PAGE}", "shuffled-seed7-eta0.1-car-change-step1000")
    assert state_of(card) == {"order": "shuffled", "seed": 7, "eta": 0.1, "stride": "car", "chart": "change", "index": 1000}
    press(card, "Next step")
    assert page.url.endswith("#epoch-tape-shuffled-seed7-eta0.1-car-change-step1001")
    assert told(card) == frame(order="shuffled", seed=7, eta=0.1, index=1001)["status"]


def altered(site, pages, by):
    """The page with one number of the view's witness altered."""
    page = pages(WIDE, "light")
    known = SPEC["live"]["witness"][1]
    page.route(f"{site}/{PAGE}", lambda route: route.fulfill(content_type="text/html", body=(HTML / PAGE).read_text(encoding="utf-8").replace(json.dumps(known), json.dumps(known * by))))
    page.goto(f"{site}/{PAGE}")
    page.unroute(f"{site}/{PAGE}")
    return page


def test_a_view_whose_witness_is_not_met_stays_a_picture(site, pages):
    page = altered(site, pages, 1 + 1e-6)
    card = page.get_by_role("region", name="Epoch tape")
    assert told(card).startswith("Epoch tape: computed here, a number comes to 553.61101398") and told(card).endswith("So this view shows a picture only.")
    assert len(page.log.problems) == 1 and told(card) in page.log.problems[0], "once, in the console"
    assert card.get_by_role("button").count() == 0 and card.get_by_role("img").bounding_box()["width"] > 300
    form = page.get_by_role("form", name="All 392 cars go through the network five times")
    form.get_by_label("Your answer").fill("1960")
    form.get_by_label("Your answer").press("Enter")
    assert form.get_by_role("status").inner_text().startswith("Yes"), "nothing else breaks"
    assert told(altered(site, pages, 1).get_by_role("region", name="Epoch tape")).startswith("Start: all 392 cars")


def test_without_javascript_a_picture_and_its_words(site, new_page):
    page = new_page(PHONE, "light", java_script_enabled=False)
    page.goto(f"{site}/{PAGE}")
    picture = page.locator(".mlp-still [role=img]").first
    assert picture.is_visible() and "After epoch 50, update 19600: L = 194.4." in picture.get_attribute("aria-label")
    assert "The next cell needs a kernel" in page.locator("main").inner_text() and "FloatLogSlider" in page.locator("main").inner_text()
    assert "VBox(children" not in page.content(), "no dead widget"
    page.context.close()
