"""The steppers and predictions on the published page, driven as a reader would: by role and name, by key, by click."""

import json
import random
import re
from math import prod

import pytest
from playwright.sync_api import expect
from support import PHONE, WIDE, address, cut, decimals, number, walk

from mlp import backprop, data, trace

PAGE = "chapters/04-multi-path-derivatives.html"
NET, X, Y = data.running_example()
EXACT = backprop(NET, [X], [Y])
LEDGER = trace.path_ledger(NET, X, Y)

SHOWN = """card => {
  const text = e => e ? e.textContent : null;
  return {
    status: card.querySelector('[role=status]').textContent,
    rows: [...card.querySelectorAll('.product')].map(row => ({
      label: text(row.querySelector('.row-label span')),
      factors: [...row.querySelectorAll('.factor')].map(f => f.firstChild && {symbol: f.querySelector('math').textContent, number: text(f.querySelector('.number')),
        inside: text(f.querySelector('.inside')), said: f.getAttribute('aria-label'), edge: f.dataset.edge, shared: f.classList.contains('shared')}),
      result: text(row.querySelector('.result b')),
    })),
    total: text(card.querySelector('.sum b')), mark: card.querySelector('.checked').textContent,
    routes: [...card.querySelectorAll('svg.drawing .route')].length,
    lit: [...card.querySelectorAll('.node.lit')].map(node => node.dataset.node),
    slider: card.querySelector('input[aria-label=Step]').value,
    height: Math.round(card.getBoundingClientRect().height),
  };
}"""

WALK = walk(SHOWN)
CUT = cut(".factor, .factor > *, .result, .sum, .checked, .row-label, label", ".factor")

# Which labels lie on a neuron, as [edge, node].
COVERED = """svg => [...svg.querySelectorAll('.edge-label')].filter(label => label.firstChild).flatMap(label => {
  const box = label.getBoundingClientRect();
  return [...svg.querySelectorAll('.node')].filter(node => {
    const outline = node.firstChild.getBoundingClientRect(), x = outline.x + outline.width / 2, y = outline.y + outline.height / 2;
    const dx = x - Math.max(box.left, Math.min(x, box.right)), dy = y - Math.max(box.top, Math.min(y, box.bottom));
    return Math.hypot(dx, dy) < outline.width / 2 - 1.5;
  }).map(node => [label.textContent, node.dataset.node]);
})"""

# Which labels a route over another edge crosses, as [label, edge].
CROSSED = """svg => [...svg.querySelectorAll('.edge-label')].filter(label => label.firstChild).flatMap(label => {
  const box = label.getBBox();
  return [...svg.querySelectorAll('.route')].filter(line => line.dataset.edge !== label.dataset.edge).filter(line => {
    const [x1, y1, x2, y2] = ['x1', 'y1', 'x2', 'y2'].map(name => Number(line.getAttribute(name)));
    return Array.from({ length: 401 }, (_, n) => n / 400).some(t => {
      const x = x1 + t * (x2 - x1), y = y1 + t * (y2 - y1);
      return x > box.x && x < box.x + box.width && y > box.y && y < box.y + box.height;
    });
  }).map(line => [label.textContent, line.dataset.edge]);
})"""
LABELS = "svg => [...svg.querySelectorAll('.edge-label')].filter(label => label.firstChild).map(label => label.dataset.edge)"

# The contrast of each label with the card, and whether its colour is that of its edge.
INKS = """svg => [...svg.querySelectorAll('.edge-label')].filter(label => label.firstChild).map(label => {
  const light = text => text.match(/[0-9.]+/g).slice(0, 3).map(n => n / 255).map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4).reduce((sum, c, n) => sum + c * [0.2126, 0.7152, 0.0722][n], 0);
  const ink = getComputedStyle(label).fill, [less, more] = [light(ink), light(getComputedStyle(svg.closest('.mlp-card')).backgroundColor)].sort((a, b) => a - b);
  const routes = [...svg.querySelectorAll('.route')].filter(line => line.dataset.edge === label.dataset.edge);
  return [(more + 0.05) / (less + 0.05), routes.length > 1 || getComputedStyle(routes[0]).stroke === ink];
})"""


def ledger(page, where):
    page.goto(where)
    return page.get_by_role("region", name="Path ledger")


def asking(frame, passed):
    """What a frame says before its question, if it has one, is passed, once for each question."""
    question = frame.get("ask", {}).get("question")
    if question is None or question in passed:
        return frame["status"]
    passed.add(question)
    return f"{frame['ask']['before']['status']} {question}"


def weights(card):
    return card.get_by_role("combobox", name="weight")


def letters(thing):
    return thing[0] + thing[1] + thing[2]


@pytest.mark.parametrize("viewport, theme, scheme", [(WIDE, "light", "http"), (PHONE, "dark", "file"), (WIDE, "dark", "file"), (PHONE, "light", "http")])
def test_every_weight_and_every_frame(site, pages, viewport, theme, scheme):
    page = pages(viewport, theme)
    card = ledger(page, address(site, PAGE, scheme))
    element, factored = card.element_handle(), card.get_by_label("factored form")
    heights, passed = set(), set()
    for key, scene in LEDGER["scenes"].items():
        weights(card).select_option(key.split("+")[0])
        if factored.is_enabled():
            factored.set_checked("+" in key)
        card.get_by_role("slider", name="Step").press("Home")
        held = scene["holds"]["ledger"]
        for number_, (frame, seen) in enumerate(zip(scene["frames"], element.evaluate(WALK), strict=True), start=1):
            shows = frame["shows"]
            assert seen["status"] == asking(frame, passed) and seen["slider"] == str(number_)
            assert seen["routes"] == sum(map(len, shows["network"]["routes"].values())) and set(seen["lit"]) == set(shows["network"]["lit"])
            for row, level, line in zip(held["rows"], shows["ledger"]["rows"], seen["rows"], strict=True):
                assert line["label"] == (row["label"] if level else None) and line["result"] == (row["result"] if level == 2 else None)
                for cell, box in zip(row["cells"], line["factors"], strict=True):
                    assert bool(box) == (level > 0), "what is not shown yet is not in the document"
                    if level:
                        assert box["symbol"] == f"∂{letters(cell['over'])}∂{letters(cell['under'])}"
                        assert (box["edge"], box["shared"]) == (cell["edge"], cell["shared"])
                        assert box["number"] == (cell["value"] if level == 2 else None) and box["said"] == (cell["said"] if level == 2 else None)
                        assert box["inside"] == (cell["inside"].get("numbers", "") if level == 2 else None)
            assert (seen["total"] is not None) == shows["ledger"]["total"] and seen["mark"] == ("✓" if shows["ledger"]["check"] else "")
            heights.add(seen["height"])
        assert element.evaluate(CUT) == [], f"{key} at {viewport}"
        drawing = card.get_by_role("img")
        assert drawing.evaluate(COVERED) == [] and drawing.evaluate(CROSSED) == [], f"{key} at {viewport}"
        assert set(drawing.evaluate(LABELS)) == {edge for edge in shows["network"]["routes"] if edge[0] == "w"}, key
        assert all(contrast >= 4.5 and alike for contrast, alike in drawing.evaluate(INKS)), key
        # What the reader now reads, against the derivative itself.
        k, i, j = map(int, re.findall(r"\d+", key))
        places = decimals(seen["total"])
        assert float(number(seen["total"])) == round(EXACT.W[k][i - 1, j - 1], places)
        if "+" not in key:
            products = [prod(float(number(box["number"])) for box in row["factors"]) for row in seen["rows"]]
            assert sum(products) == pytest.approx(float(number(seen["total"])), abs=1.01 * len(products) * 0.5 * 10.0**-places)
    assert max(heights) - min(heights) <= 1, "another choice does not move the page"
    assert max(heights) <= (612 if viewport == WIDE else 620)
    assert page.log.problems == []


@pytest.mark.parametrize("viewport", [WIDE, PHONE], ids=["wide", "phone"])
@pytest.mark.parametrize("key", ["w1_1_1", "w1_4_3+factored", "w2_3_1"])
def test_the_drawing_the_sentence_and_next_are_seen_together(site, pages, viewport, key):
    page = pages(viewport, "light")
    card = ledger(page, f"{site}/{PAGE}#path-ledger-{key.replace('+', '-')}-step1")
    next_step = card.get_by_role("button", name="Next step")
    spots = []
    for _ in LEDGER["scenes"][key]["frames"]:
        boxes = [part.bounding_box() for part in (card.get_by_role("img"), card.get_by_role("status"), next_step)]
        top = min(box["y"] for box in boxes)
        spots.append(boxes[2]["y"] - top)
        assert max(box["y"] + box["height"] for box in boxes) - top <= viewport[1] - 48, "the site's own bar takes 48 px"
        next_step.click(force=True)
    assert len(set(spots)) == 1, "Next moved while stepping"
    assert page.evaluate("document.documentElement.scrollWidth") <= viewport[0]


def test_the_drawings_text_is_large_enough_on_a_phone(site, pages):
    card = ledger(pages(PHONE, "light"), f"{site}/{PAGE}")
    sizes = card.get_by_role("img").evaluate(
        "svg => [...svg.querySelectorAll('text, tspan')].map(t => parseFloat(getComputedStyle(t).fontSize) * svg.getBoundingClientRect().width / svg.viewBox.baseVal.width)")
    assert min(sizes) >= 11


def test_keys(site, pages):
    page = pages(WIDE, "light")
    card = ledger(page, f"{site}/{PAGE}")
    status, slider, drawing = card.get_by_role("status"), card.get_by_role("slider", name="Step"), card.get_by_role("img")
    for control in (slider, drawing):
        control.focus()
        for key, step in [("End", 8), ("Home", 1), ("ArrowRight", 2), ("ArrowRight", 3), ("ArrowLeft", 2)]:
            page.keyboard.press(key)
            assert status.inner_text().startswith(f"Step {step} of 8.")
    page.keyboard.press(" ")
    assert card.get_by_role("button", name="Pause").is_visible()
    page.keyboard.press(" ")
    assert card.get_by_role("button", name="Play").is_visible()
    weight = weights(card)
    weight.focus()
    page.keyboard.press("ArrowDown")
    assert weight.input_value() == "w1_1_2", "the list keeps its own keys"
    assert drawing.evaluate("svg => svg.querySelectorAll('a, button, [tabindex]').length") == 0


def reading_time(frame, pace=1.0):
    """Milliseconds that a playing step stays: 18 characters a second, and at least three seconds."""
    return 1000 / pace * max(3, len(frame["status"]) / 18)


def test_play_goes_at_reading_pace_to_the_end_and_is_silent_meanwhile(site, new_page):
    page = new_page(WIDE, "light")
    page.clock.install(time=0)
    card = ledger(page, f"{site}/{PAGE}")
    page.clock.pause_at(60_000)  # from here on time passes only where this test says so
    frames, status, pace = LEDGER["scenes"]["w1_1_1"]["frames"], card.get_by_role("status"), card.get_by_label("Pace")
    assert not pace.is_visible()
    card.get_by_role("button", name="Next step").click()  # past the question
    card.get_by_role("button", name="Previous step").click()
    card.get_by_role("button", name="Play").click()
    for frame, following in zip(frames[:2], frames[1:]):
        page.clock.run_for(int(reading_time(frame)) - 20)
        assert status.inner_text() == frame["status"], "there is time to read it"
        page.clock.run_for(40)
        assert status.inner_text() == following["status"] and status.get_attribute("aria-live") == "off"
    card.get_by_role("button", name="Pause").click()
    assert page.url.endswith("#path-ledger-w1_1_1-step3"), "the address follows"
    assert status.get_attribute("aria-live") is None
    card.get_by_role("button", name="Play").click()
    pace.select_option("faster")
    page.clock.run_for(int(reading_time(frames[2])) + 20)  # the pace counts from the next step on
    assert status.inner_text() == frames[3]["status"]
    page.clock.run_for(int(reading_time(frames[3], 1.7)) + 20)
    assert status.inner_text() == frames[4]["status"]
    page.clock.run_for(60_000)
    assert page.url.endswith("#path-ledger-w1_1_1-step8")
    assert status.inner_text() == frames[-1]["status"] and status.get_attribute("aria-live") is None
    assert card.get_by_role("button", name="Play").is_visible() and not pace.is_visible()
    page.context.close()


# Where on each edge a pointer means no other: as far from the other edges as the edge allows.
SPOTS = """svg => {
  const box = svg.getBoundingClientRect(), scale = box.width / svg.viewBox.baseVal.width;
  const lines = [...svg.querySelectorAll('.hit')].map(line => ({choice: line.dataset.choice, ...Object.fromEntries(['x1', 'y1', 'x2', 'y2'].map(k => [k, +line.getAttribute(k)]))}));
  const along = (l, t) => [l.x1 + t * (l.x2 - l.x1), l.y1 + t * (l.y2 - l.y1)];
  const off = (l, [x, y]) => Math.min(...Array.from({length: 101}, (_, n) => { const [a, b] = along(l, n / 100); return Math.hypot(a - x, b - y); }));
  return lines.map(line => {
    const free = t => Math.min(...lines.filter(l => l !== line).map(l => off(l, along(line, t))));
    const best = Array.from({length: 41}, (_, n) => 0.3 + n / 100).reduce((a, b) => free(b) > free(a) ? b : a);
    const [x, y] = along(line, best);
    return {choice: line.choice, x: box.x + x * scale, y: box.y + y * scale};
  });
}"""


@pytest.mark.parametrize("viewport", [WIDE, PHONE], ids=["wide", "phone"])
def test_a_click_on_an_edge_chooses_its_weight(site, pages, viewport):
    page = pages(viewport, "light")
    card = ledger(page, f"{site}/{PAGE}#path-ledger-w2_3_2-step5")  # its labels lie on other edges
    chosen = weights(card)
    spots = card.get_by_role("img").evaluate(SPOTS)
    assert [spot["choice"] for spot in spots] == [e["choice"] for e in LEDGER["panels"]["network"]["edges"] if e["choice"]]
    for spot in spots:
        page.mouse.click(spot["x"], spot["y"])
        assert chosen.input_value() == spot["choice"]
    chosen.select_option("w1_1_1")
    drawing = card.get_by_role("img").bounding_box()
    page.mouse.click(drawing["x"] + drawing["width"] - 60, drawing["y"] + drawing["height"] - 12)
    assert chosen.input_value() == "w1_1_1", "a click on nothing chooses nothing"
    page.mouse.move(0, 0)
    assert card.locator(".hit.near").count() == 0


def test_who_looks_at_a_result_sees_the_next_weights_result(site, pages):
    card = ledger(pages(WIDE, "light"), f"{site}/{PAGE}")
    card.get_by_role("button", name="Last step").click()
    for weight in ("w3_2_1", "w1_4_3", "w2_1_1", "w1_1_1"):
        weights(card).select_option(weight)
        assert card.get_by_role("status").inner_text() == LEDGER["scenes"][weight]["frames"][-1]["status"]
    card.get_by_role("button", name="First step").click()
    weights(card).select_option("w1_4_3")
    assert card.get_by_role("status").inner_text().startswith("Step 1 of 7.")


def test_the_switch_is_remembered_where_a_weight_has_no_such_form(site, pages):
    card = ledger(pages(WIDE, "light"), f"{site}/{PAGE}")
    switch, weight = card.get_by_label("factored form"), weights(card)
    switch.check()
    card.get_by_role("button", name="Last step").click()
    weight.select_option("w3_1_1")
    assert switch.is_disabled() and not switch.is_checked()
    weight.select_option("w1_2_2")
    assert switch.is_checked() and card.get_by_text("shared", exact=True).count() == 1, "the last step of another weight is its last"


def test_the_keyboard_keeps_its_place(site, pages):
    page = pages(WIDE, "light")
    card = ledger(page, f"{site}/{PAGE}")
    for button, times in (("Next step", 7), ("First step", 1), ("Last step", 1), ("Previous step", 7)):
        card.get_by_role("button", name=button).focus()
        for _ in range(times):
            page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "Step", button
    form = page.get_by_role("form", name="With ∂k/∂h = 0.1")
    form.get_by_label("Your answer").fill("1")
    form.get_by_label("Your answer").press("Enter")
    form.get_by_role("button", name="Show answer").press("Enter")
    assert page.evaluate("document.activeElement.textContent") == "Check"


def test_a_step_can_be_linked_to(site, pages):
    page = pages(WIDE, "light")
    card = ledger(page, f"{site}/{PAGE}#path-ledger-w1_4_3-factored-step6")
    assert card.get_by_role("status").inner_text() == LEDGER["scenes"]["w1_4_3+factored"]["frames"][5]["status"]
    assert card.get_by_role("status").bounding_box()["y"] < 800, "the page has scrolled to it"
    card.get_by_role("button", name="Previous step").click()
    assert page.url.endswith("#path-ledger-w1_4_3-factored-step5")
    page.evaluate("location.hash = '#path-ledger-w3_2_1-factored-step99'")  # there is no such form: the plain one
    expect(page.locator('section[aria-label="Path ledger"] [role=status]')).to_contain_text("Step 5 of 5.")
    assert page.log.problems == []


def test_without_javascript_and_in_print_a_picture_stands_there(site, new_page):
    page = new_page(WIDE, "light", java_script_enabled=False)
    page.goto(f"{site}/{PAGE}")
    picture = page.locator(".mlp-still [role=img]").nth(2)
    assert picture.is_visible() and "path 1" in picture.get_attribute("aria-label").lower()
    assert picture.bounding_box()["width"] > 300
    questions = page.locator("details.mlp-still summary")
    assert "How many paths lead from w²₃₁ to L?" in questions.all_inner_texts() and questions.first.is_visible()
    page.context.close()
    page = new_page(WIDE, "light")
    page.goto(f"{site}/{PAGE}")
    picture, card = page.locator(".mlp-still [role=img]").nth(2), page.get_by_role("region", name="Path ledger")
    assert card.is_visible() and picture.count() == 0, "on the screen it is not in the document"
    page.emulate_media(media="print")
    expect(picture).to_be_visible()
    assert not card.is_visible() and picture.bounding_box()["width"] > 300
    page.emulate_media(media="screen")
    expect(page.locator(".mlp-still")).to_have_count(0)
    assert card.is_visible()
    page.context.close()


def test_what_a_view_will_say_is_not_in_the_document_before(site, pages):
    page = pages(WIDE, "light")
    card = ledger(page, f"{site}/{PAGE}#path-ledger-w1_4_3-step1")
    answer = LEDGER["scenes"]["w1_4_3"]["holds"]["ledger"]["rows"][0]["result"]
    everything = "() => document.querySelector('[aria-label=\"Path ledger\"]').closest('.mlp-view').outerHTML"
    assert answer not in page.evaluate(everything)
    card.get_by_role("button", name="Last step").click()
    assert answer in page.evaluate(everything)


def test_a_factor_and_its_edge_light_each_other(site, pages):
    page = pages(WIDE, "light")
    card = ledger(page, f"{site}/{PAGE}#path-ledger-w1_1_1-step7")
    hot = lambda where: card.locator(f"{where}.hot").evaluate_all("all => all.map(one => one.dataset.path ?? one.dataset.edge ?? 'base')")  # noqa: E731
    factor = card.get_by_role("cell", name="∂O 3 1 by ∂O 2 2")
    factor.hover()
    assert hot(".factor") == ["w3_2_1"] and hot(".route") == ["2"]
    page.mouse.move(0, 0)
    assert hot(".factor") == [] and hot(".edge") == []
    factor.focus()
    assert hot(".route") == ["2"]
    spot = next(spot for spot in card.get_by_role("img").evaluate(SPOTS) if spot["choice"] == "w2_1_1")
    page.mouse.move(spot["x"], spot["y"])
    assert hot(".factor") == ["w2_1_1"]


def test_the_ledger_is_a_table_for_a_screen_reader(site, pages):
    card = ledger(pages(WIDE, "light"), f"{site}/{PAGE}#path-ledger-w1_1_1-step7")
    table = card.get_by_role("table")
    assert table.get_by_role("row").count() == 2
    assert table.get_by_role("row").first.get_by_role("rowheader").locator("[aria-label]").get_attribute("aria-label") == "path 1 through O₂₁"
    assert table.get_by_role("cell", name="∂L by ∂O 3 1: 2 times 0.86091 is 1.7218").count() == 2
    assert weights(card).locator("option[value=w2_3_1]").get_attribute("aria-label") == "w²₃₁ (O₁₃ → O₂₁), weight, layer 2, from 3 to 1"


@pytest.mark.parametrize("width", [*range(360, 1000, 40), 1280])
def test_no_label_lies_on_a_neuron_at_any_width(site, pages, width):
    page = pages((width, 800), "light")
    card = ledger(page, f"{site}/{PAGE}#path-ledger-w1_1_1-step7")
    for weight in ("w1_1_1", "w1_4_3", "w1_2_2", "w2_3_1", "w2_1_2", "w3_2_1"):
        weights(card).select_option(weight)
        assert card.get_by_role("img").evaluate(COVERED) == card.get_by_role("img").evaluate(CROSSED) == [], weight
    assert card.element_handle().evaluate(CUT) == []


@pytest.mark.parametrize("viewport", [WIDE, PHONE], ids=["wide", "phone"])
def test_with_a_large_font_everything_can_be_reached(site, new_page, viewport):
    """A reader's default font of 32 px: the card grows with it, and nothing of it is cut."""
    page = new_page(viewport, "light")
    page.add_init_script("addEventListener('DOMContentLoaded', () => document.documentElement.style.setProperty('font-size', '32px', 'important'))")
    card = ledger(page, f"{site}/{PAGE}#path-ledger-w1_1_1-step7")
    sizes = card.evaluate("card => ['.status', '.number', '.title'].map(part => parseFloat(getComputedStyle(card.querySelector(part)).fontSize))")
    assert min(sizes) >= 24
    assert [cut for cut in card.element_handle().evaluate(CUT)] == []
    stage = card.locator(".stage")
    assert stage.evaluate("stage => stage.scrollWidth <= stage.clientWidth || getComputedStyle(stage).overflowX === 'auto'")
    page.context.close()


def test_a_finger_means_an_edge_or_nothing(site, pages):
    """With an error of 6 px in any direction, nine taps in ten on the middle part of an edge choose it, or nothing."""
    page = pages(PHONE, "light")
    card = ledger(page, f"{site}/{PAGE}")
    taps = card.get_by_role("img").evaluate("""async svg => {
      const box = svg.getBoundingClientRect(), scale = box.width / svg.viewBox.baseVal.width, taps = [];
      for (const line of svg.querySelectorAll('.hit')) {
        const [x1, y1, x2, y2] = ['x1', 'y1', 'x2', 'y2'].map(name => +line.getAttribute(name));
        for (let n = 0; n < 24; n++) {
          const t = 0.3 + 0.4 * (n % 6) / 5, turn = 2 * Math.PI * n / 24;
          taps.push([line.dataset.choice, box.x + scale * (x1 + t * (x2 - x1)) + 6 * Math.cos(turn), box.y + scale * (y1 + t * (y2 - y1)) + 6 * Math.sin(turn)]);
        }
      }
      const list = svg.closest('section').querySelector('select'), got = [];
      for (const [meant, clientX, clientY] of taps) {
        svg.dispatchEvent(new PointerEvent('click', {clientX, clientY, pointerType: 'touch', bubbles: true}));
        await null; // one drawing for all that one event changes
        got.push([meant, list.value]);
        list.value = 'w3_1_1';
        list.dispatchEvent(new Event('change'));
        await null;
      }
      return got;
    }""")
    chosen = [(meant, got) for meant, got in taps if got != "w3_1_1"]  # where it was before
    wrong = [(meant, got) for meant, got in chosen if meant != got]
    assert len(taps) == 480 and len(wrong) <= len(taps) / 10, f"{len(wrong)} of {len(taps)} taps mean another edge"
    assert len(chosen) >= len(taps) / 5 and len({meant for meant, _ in chosen}) >= 12, "most edges can be tapped; the list has all"


def test_no_complaint_while_the_window_is_resized(site, pages):
    page = pages(WIDE, "light")
    card = ledger(page, f"{site}/{PAGE}#path-ledger-w1_1_1-step7")
    for width in (900, 700, 500, 360, 620, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
        assert card.element_handle().evaluate(CUT) == []
    page.set_viewport_size({"width": WIDE[0], "height": WIDE[1]})
    assert page.log.problems == []


def test_the_diamond(site, pages):
    page = pages(PHONE, "light")
    page.goto(f"{site}/{PAGE}")
    card = page.get_by_role("region", name="The diamond")
    for x, slope in (("x2", "+3.600"), ("x1", "+2.250")):
        card.get_by_label("start at").select_option(x)
        card.get_by_role("slider", name="Step").press("End")
        assert card.element_handle().evaluate(SHOWN)["total"] == slope


def test_a_predicted_number(site, pages):
    page = pages(PHONE, "dark")
    page.goto(f"{site}/{PAGE}")
    form = page.get_by_role("form", name="With ∂k/∂h = 0.1")
    field, status = form.get_by_label("Your answer"), form.get_by_role("status")
    assert not form.get_by_role("button", name="Show answer").is_visible(), "commit first"
    for typed, answer in [("", "Type a number"), ("three", "Type a number"), ("36", "No, not 36."), ("3,6", "Yes, 3.6."), ("1/2/3", "Type a number"), ("3 3/5", "Type a number"), ("3(6)", "Type a number"), ("18/5", "Yes, 3.6."),
                          ("36,0 / 10", "Yes, 3.6."), ("−3.6", "No, not −3.6."), ("3.6 %", "Yes, 3.6."), ("1/0", "Type a number"), (".36E1", "Yes, 3.6."), ("– 36e-1", "No, not – 36e-1.")]:
        field.fill(typed)
        field.press("Enter")
        assert status.inner_text().startswith(answer)
    form.get_by_role("button", name="Show answer").click()
    assert status.inner_text().startswith("The answer is 3.6. 0.1 · 36 = 3.6.")


def test_a_predicted_number_with_thousands(site, pages):
    page = pages(WIDE, "light")
    page.goto(f"{site}/chapters/06-epochs.html")
    form = page.get_by_role("form", name="All 392 cars go through the network five times")
    for typed, answer in [("1960", "Yes"), ("1,960", "Yes"), ("1.960", "Yes"), ("1 960", "Yes"), ("19,60", "No"), ("1,96", "No")]:
        form.get_by_label("Your answer").fill(typed)
        form.get_by_label("Your answer").press("Enter")
        assert form.get_by_role("status").inner_text().startswith(answer), typed
    form.get_by_label("Your answer").fill("")
    form.get_by_role("button", name="Check").click()
    assert form.get_attribute("data-verdict") is None, "no colour of an earlier answer beside 'Type a number'"


def test_a_predicted_choice(site, pages):
    page = pages(WIDE, "light")
    page.goto(f"{site}/{PAGE}")
    form = page.get_by_role("form", name="What is its sign?")
    form.get_by_role("button", name="Check").click()
    assert form.get_by_role("status").inner_text() == "Choose one first."
    form.get_by_label("negative").check()
    form.get_by_role("button", name="Check").click()
    assert form.get_by_role("status").inner_text().startswith("No, not “negative”.")
    form.get_by_label("positive").check()
    form.get_by_role("button", name="Check").click()
    assert form.get_by_role("status").inner_text().startswith("Yes, positive. Two of its factors are negative")


# Where it is turned ---------------------------------------------------------------------------------------------------------------


def state(card):
    return json.loads(card.get_attribute("data-state"))


def python(card):
    """The scene that Python makes of the card's own state."""
    return trace.paths.scene(LEDGER, state(card))


def turn_to(card, value):
    """Sets the dial as one who drags it."""
    at = min(range(len(VALUES)), key=lambda n: abs(VALUES[n] - value))
    card.get_by_role("slider", name="its value").evaluate("(range, at) => { range.value = at; range.dispatchEvent(new Event('input', { bubbles: true })); }", at)


VALUES = trace.paths.DIAL
# What of the ledger is seen, to be multiplied and added again.
READ = """card => ({
  rows: [...card.querySelectorAll('.product')].map(row => ({ factors: [...row.querySelectorAll('.number')].map(e => e.textContent), result: row.querySelector('.result b').textContent,
    counted: row.querySelector('input').checked })),
  total: card.querySelector('.sum b').textContent, mark: card.querySelector('.checked').textContent })"""


@pytest.mark.parametrize("viewport, theme", [(WIDE, "light"), (PHONE, "dark")])
def test_a_path_is_counted_or_not(site, pages, viewport, theme):
    page = pages(viewport, theme)
    card = ledger(page, f"{site}/{PAGE}#path-ledger-w1_1_1-step3")
    assert card.get_by_role("checkbox", name="counted").count() == 0, "there is no product yet"
    card.get_by_role("slider", name="Step").press("End")
    card.get_by_role("button", name="Previous step").click()
    box, rewind = card.get_by_role("checkbox", name="path 2 counted"), card.get_by_role("button", name="Rewind")
    assert rewind.count() == 0
    box.focus()
    page.keyboard.press(" ")
    expect(card.get_by_role("status")).to_contain_text("✗ Not so without path 2: +0.06114. backprop: +0.08853; finite difference: +0.08853.")
    assert card.locator(".sum").inner_text().replace("\n", " ") == "without path 2 = +0.06114" and card.locator(".checked").inner_text() == "✗"
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "path 2 counted", "the keyboard keeps its place"
    assert card.element_handle().evaluate(CUT) == []
    page.keyboard.press(" ")
    expect(card.locator(".checked")).to_have_text("✓")
    box.uncheck()
    rewind.click()
    expect(box).to_be_checked()
    box.uncheck()
    weights(card).select_option("w1_4_3")
    expect(card.get_by_role("checkbox", name="counted", checked=True)).to_have_count(2)
    weights(card).select_option("w3_1_1")
    expect(card.get_by_role("checkbox", name="counted")).to_have_count(0)
    assert page.log.problems == []


@pytest.mark.parametrize("viewport", [WIDE, PHONE], ids=["wide", "phone"])
def test_the_puzzle_by_keyboard_alone(site, pages, viewport):
    page = pages(viewport, "light")
    card = ledger(page, f"{site}/{PAGE}#path-ledger-w1_1_1-step8")
    status, dial = card.get_by_role("status"), card.get_by_role("slider", name="its value")
    assert status.inner_text() == LEDGER["scenes"]["w1_1_1"]["frames"][-1]["status"] and card.get_by_role("combobox", name="turn").input_value() == "w2_1_2"
    dial.focus()
    for _ in range(VALUES.index(1.14) - VALUES.index(-0.4) - 1):
        page.keyboard.press("ArrowRight")
    expect(status).to_contain_text("Now it is +0.00")
    assert "level here" not in card.evaluate("card => card.outerHTML"), "no answer before the question"
    page.keyboard.press("ArrowRight")
    expect(status).to_contain_text("Solved: with w²₁₂ = 1.14 it is −0.00007. So L no longer depends on w¹₁₁?")
    assert "level here" not in card.evaluate("card => card.outerHTML")
    card.get_by_role("radio", name="no longer").check()
    card.get_by_role("button", name="Check").click()
    expect(card).to_contain_text("No, not “no longer”.")
    card.get_by_role("radio", name="it still does").check()
    card.get_by_role("button", name="Check").click()
    expect(status).to_contain_text("Yes, it still does. L is level here only: with w¹₁₁ = 0.4 it is 0.5603, with −0.6 it is 0.5628.")
    card.get_by_role("button", name="Rewind").click()
    expect(status).to_have_text(LEDGER["scenes"]["w1_1_1"]["frames"][-1]["status"])
    assert state(card)["weights"] == LEDGER["traits"]["weights"] and page.log.problems == []


def test_after_200_random_turns_what_is_read_multiplies_and_adds_up(site, pages):
    page, rng = pages(WIDE, "light"), random.Random(4)
    card = ledger(page, f"{site}/{PAGE}#path-ledger-w1_1_1-step7")
    for n in range(200):
        deeper = n >= 120
        if n == 120:
            card.get_by_role("checkbox", name="4-3-3-2-1").check()
            card.get_by_role("slider", name="Step").press("End")
            card.get_by_role("button", name="Previous step").click()
        if n % 5 == 0:
            weights(card).select_option(rng.choice(["w1_1_1", "w1_4_3", "w1_2_2"]))
        turning = card.get_by_role("combobox", name="turn")
        turning.select_option(index=rng.randrange(29 if deeper else 20))
        turn_to(card, rng.choice(VALUES))
        if rng.random() < 0.3:
            box = card.get_by_role("checkbox", name="counted")
            box.nth(rng.randrange(box.count())).click()
        seen, scene = card.evaluate(READ), python(card)
        assert status_of(card) == scene["frames"][state(card)["index"]]["status"]
        for row in seen["rows"]:
            product = prod(float(number(one)) for one in row["factors"])
            assert abs(product - float(number(row["result"]))) <= 0.5001 * 10.0 ** -decimals(row["result"]), row
        added = sum(float(number(row["result"])) for row in seen["rows"] if row["counted"])
        assert abs(added - float(number(seen["total"]))) <= 0.5001 * 10.0 ** -decimals(seen["total"]), seen
        net = trace.paths.net_of(LEDGER, state(card))
        k, i, j = map(int, re.findall(r"\d+", state(card)["choice"]))
        exact = backprop(net, [X], [Y]).W[k][i - 1, j - 1]
        if not state(card)["left_out"]:
            assert seen["mark"] == "✓" and float(number(seen["total"])) == pytest.approx(exact, abs=0.51 * 10.0 ** -decimals(seen["total"]))
    assert page.log.problems == []


def status_of(card):
    return card.get_by_role("status").text_content()


@pytest.mark.parametrize("viewport, theme", [(WIDE, "dark"), (PHONE, "light")])
def test_six_paths_scroll_inside_the_ledger(site, pages, viewport, theme):
    page = pages(viewport, theme)
    card = ledger(page, f"{site}/{PAGE}#path-ledger-w1_1_1-deeper-step1")
    expect(card.get_by_role("status")).to_contain_text("In how many ways does a small change of w¹₁₁ reach L now?")
    heights = [card.bounding_box()["height"]]
    card.get_by_role("radio", name="six").check()
    card.get_by_role("button", name="Check").click()
    expect(card.get_by_role("status")).to_contain_text("Yes, six.")
    frames = python(card)["frames"]
    for frame in frames[1:]:
        card.get_by_role("button", name="Next step").click()
        expect(card.get_by_role("status")).to_have_text(frame["status"])
        heights.append(card.bounding_box()["height"])
        assert card.element_handle().evaluate(CUT) == []
        shown = card.locator(".product:not([data-level='0'])").last.bounding_box()
        table = card.get_by_role("table").bounding_box()
        assert table["y"] - 1 <= shown["y"] < table["y"] + table["height"] or frame["shows"]["ledger"]["total"] or frame["shows"]["ledger"]["rows"][0] == 2, "the newest row is in sight"
    assert max(heights) - min(heights) <= 1 and max(heights) <= (612 if viewport == WIDE else 620)
    assert page.evaluate("document.documentElement.scrollWidth") <= viewport[0]
    card.get_by_role("slider", name="Step").press("End")
    more, table = card.get_by_role("button", name="more below"), card.get_by_role("table")
    table.evaluate("table => table.scrollTo(0, 0)")
    while more.is_visible():
        seen = table.evaluate("table => table.scrollTop")
        more.click()
        table.evaluate("(table, seen) => new Promise(done => { const look = () => table.scrollTop > seen ? done() : requestAnimationFrame(look); look(); })", seen)
        table.evaluate("() => new Promise(requestAnimationFrame)")
    last, table = card.locator(".product").last.bounding_box(), table.bounding_box()
    assert last["y"] + last["height"] <= table["y"] + table["height"] + 13, "the last row is in sight"
    weights(card).select_option("w1_4_2")
    assert card.element_handle().evaluate(CUT) == []
    weights(card).select_option("w4_1_1")
    expect(card.get_by_label("factored form")).to_be_disabled()
    card.get_by_role("slider", name="Step").press("Home")
    assert page.url.endswith("#path-ledger-w4_1_1-deeper-step1")
    card.get_by_role("checkbox", name="4-3-3-2-1").uncheck()
    assert weights(card).input_value() == "w1_1_1" and weights(card).locator("option").count() == 20
    page.evaluate("location.hash = '#path-ledger-w4_2_1-deeper-step5'")
    expect(page.locator('section[aria-label="Path ledger"] [role=status]')).to_contain_text("Step 5 of 5.")
    page.evaluate("location.hash = '#path-ledger-w3_2_1-step5'")
    expect(card.get_by_role("checkbox", name="4-3-3-2-1")).not_to_be_checked()
    assert page.log.problems == []


def test_a_ledger_that_computes_something_else_shows_a_picture_only(site, new_page):
    page = new_page(WIDE, "light")
    page.route(f"**/{PAGE}", lambda route: route.fulfill(body=re.sub(r'("module":"path-ledger".*?"witness":\[)(\d)', r"\g<1>1\2", route.fetch().text()), content_type="text/html"))
    card = ledger(page, f"{site}/{PAGE}")
    expect(card.get_by_role("status")).to_contain_text("this view shows a picture only")
    assert len(page.log.problems) == 1 and page.get_by_role("region", name="The diamond").get_by_role("button", name="Next step").is_visible()
    page.context.close()


@pytest.mark.parametrize("viewport, theme", [(WIDE, "light"), (PHONE, "dark")])
@pytest.mark.parametrize("where", ["w1_1_1-step1", "w1_1_1-step8", "w1_1_1-deeper-step15", "w1_1_1-factored-deeper-step16"])
def test_axe_finds_nothing(site, pages, viewport, theme, where):
    from axe_playwright_python.sync_playwright import Axe

    page = pages(viewport, theme)
    card = ledger(page, f"{site}/{PAGE}#path-ledger-{where}")
    if "step1-" not in f"{where}-":
        card.get_by_role("checkbox", name="path 2 counted").uncheck()
    result = Axe().run(page, context="section[aria-label='Path ledger']")
    assert result.violations_count == 0, result.generate_report()
