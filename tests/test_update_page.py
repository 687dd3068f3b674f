"""One update on the published page, driven as a reader would: by role and name, by key, by drag."""

import json
import random

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect
from support import PHONE, WIDE, address, cut, walk

from mlp import data, trace
from mlp.trace import update

PAGE = "chapters/05-backpropagation.html"
SPEC = trace.one_update(*data.running_example())
REST = {"index": 0, **SPEC["traits"]}
PROGRAMS = ["book", *update.MISTAKES]

SHOWN = """card => {
  const text = e => e ? e.textContent : null, seen = part => part.checkVisibility();
  return {
    status: card.querySelector('[role=status]').textContent,
    cells: [...card.querySelectorAll('.grid-of td .now')].map(text), old: [...card.querySelectorAll('.grid-of td s')].map(text),
    wrong: [...card.querySelectorAll('.grid-of td')].map((td, n) => td.querySelector('.mark-wrong').textContent ? n : -1).filter(n => n >= 0),
    note: card.querySelector('.note').textContent, letter: card.querySelector('.grid-of caption span').textContent,
    running: [...card.querySelectorAll('.lines li[aria-current]')].filter(seen).map(item => [item.value, ...[...item.querySelectorAll('code')].map(text)]),
    tags: Object.fromEntries([...card.querySelectorAll('.node')].filter(node => !node.querySelector('.tag').hasAttribute('hidden')).map(node => [node.dataset.node, text(node.querySelector('.tag text'))])),
    values: Object.fromEntries([...card.querySelectorAll('.node')].map(node => [node.dataset.node, text(node.querySelector('.value'))]).filter(([, value]) => value)),
    lit: [...card.querySelectorAll('.node.lit')].map(node => node.dataset.node),
    asking: !card.querySelector('.question').hidden, height: Math.round(card.getBoundingClientRect().height), state: JSON.parse(card.dataset.state),
    actions: [...card.querySelectorAll('.actions button')].map(text),
  };
}"""

WALK = walk(SHOWN)
CUT = cut(".now, s, code, label, button, .range, .note, .chart-title, .status, .count, svg.drawing, svg.chart")


def opened(page, where, name="One update"):
    page.goto(where)
    return page.get_by_role("region", name=name)


def at(site, state):
    return f"{address(site, PAGE)}#one-update-{state}"


def seen(card):
    return card.element_handle().evaluate(SHOWN)


def agrees(page, frame, narrow, asking=False):
    """Fails where the page does not show what this frame says."""
    shows = {**frame["shows"], **frame["ask"]["before"]["shows"]} if asking else frame["shows"]
    says = f"{frame['ask']['before']['status']} {frame['ask']['question']}" if asking else frame["status"]
    assert page["status"].endswith(says) and page["asking"] == asking
    matrices, network = shows["matrices"], shows["network"]
    assert page["cells"] == matrices["cells"] and page["wrong"] == matrices["wrong"] and page["note"] == matrices["note"]
    assert page["old"] == matrices.get("old", [""] * 20) and page["letter"] == matrices["letter"]
    assert page["tags"] == network["briefs" if narrow else "tags"] and page["values"] == network["values"] and set(page["lit"]) == set(network["lit"])
    code = shows.get("code", {"line": 0})
    assert page["running"] == ([[code["line"], SPEC["panels"]["code"]["lines"][code["line"] - 1], *([code["mistake"]] if "mistake" in code else [])]] if code["line"] else [])


@pytest.mark.parametrize("viewport, theme, scheme", [(WIDE, "light", "http"), (PHONE, "dark", "file"), (WIDE, "dark", "file"), (PHONE, "light", "http")])
def test_every_step(site, pages, viewport, theme, scheme):
    page = pages(viewport, theme)
    card = opened(page, address(site, PAGE, scheme))
    heights = []
    for program in PROGRAMS:
        card.get_by_role("combobox", name="program").select_option(program)
        card.get_by_role("slider", name="Step").press("Home")
        for index, shown in enumerate(card.element_handle().evaluate(WALK)):
            frame = update.frame(SPEC, {**REST, "program": program, "index": index})
            agrees(shown, frame, viewport == PHONE, "ask" in frame)
            heights.append(shown["height"])
        assert card.element_handle().evaluate(CUT) == [], program
    assert max(heights) <= (640 if viewport == PHONE else 620)
    assert page.log.problems == []


@pytest.mark.parametrize("viewport", [WIDE, PHONE], ids=["wide", "phone"])
def test_nothing_is_cut_and_the_drawing_the_sentence_and_next_are_seen_together(site, pages, viewport):
    page = pages(viewport, "light")
    for state in ("book-given-w2_3_1-eta0.1-step0", "book-given-w2_3_1-eta0.1-step14", "book-given-w2_3_1-eta0.1-step21", "book-given-w2_3_1-eta0.1-step23", "A-given-w2_3_1-eta0.1-step0"):
        page.goto("about:blank")
        card = opened(page, at(site, state))
        parts = [card.get_by_role("img").first, card.get_by_role("status"), card.get_by_role("button", name="Next step")]
        boxes = [part.bounding_box() for part in parts]
        top, bottom = min(box["y"] for box in boxes), max(box["y"] + box["height"] for box in boxes)
        assert bottom - top <= viewport[1] - 48, state
        assert card.element_handle().evaluate(CUT) == [], state
    assert page.evaluate("document.documentElement.scrollWidth") <= viewport[0]


def test_a_question_is_asked_before_its_answer_can_be_seen(site, pages):
    page = pages(WIDE, "light")
    card = opened(page, at(site, "book-given-w2_3_1-eta0.1-step12"))
    everything = "() => document.querySelector('[aria-label=\"One update\"]').closest('.mlp-view').outerHTML"
    assert "0.2558" not in page.evaluate(everything)
    field, status = card.get_by_label("Your answer"), card.get_by_role("status")
    for typed, says in [("0.26", "No, not 0.26. The slope of the sigmoid is never negative"), ("−1.03", "No, not −1.03. The slope is missing."), ("7", "No, not 7. Try again")]:
        field.fill(typed)
        field.press("Enter")
        assert says in card.locator(".question .verdict").inner_text() and "0.2558" not in page.evaluate(everything)
    field.fill("-0.256")
    field.press("Enter")
    assert status.inner_text().startswith("Yes, −0.26. Rule 2") and "−0.2558" in status.inner_text()
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "Step"
    card.get_by_role("button", name="Previous step").click()
    card.get_by_role("button", name="Next step").click()
    assert "−0.2558" in status.inner_text(), "asked once"


def test_the_bench_by_keys_and_by_drag(site, pages):
    page = pages(WIDE, "light")
    card = opened(page, at(site, "book-given-w2_3_1-eta0.1-step23"))
    value = card.get_by_role("slider", name="value")
    value.focus()
    for key in ["ArrowRight"] * 3:
        page.keyboard.press(key)
    state = seen(card)["state"]
    assert state["weights"][SPEC["dial"]["edges"].index("w2_3_1")] == 0.75
    card.get_by_role("button", name="value smaller").click()
    assert seen(card)["state"]["weights"][16] == 0.7
    drawing = card.get_by_role("img").first
    line = drawing.locator(".hit[data-choice=w3_1_1]").evaluate("line => { const box = line.getBoundingClientRect(); return [box.x + box.width * 0.5, box.y + box.height * 0.5]; }")
    page.mouse.move(*line)
    page.mouse.down()
    page.mouse.move(line[0], line[1] - 20, steps=4)
    page.mouse.up()
    state = seen(card)["state"]
    assert state["weight"] == "w3_1_1" and state["weights"][18] == 1.0, "0.8, and 20 px up"
    expect(card.get_by_role("status")).to_have_text(update.frame(SPEC, state)["status"])  # said at most every 300 ms meanwhile
    agrees(seen(card), update.frame(SPEC, state), False)
    card.get_by_role("button", name="Previous step").click()
    page.mouse.move(*line)
    page.mouse.down()
    page.mouse.move(line[0], line[1] - 20, steps=4)
    page.mouse.up()
    assert seen(card)["state"]["weights"][18] == 1.0, "turned on the bench alone"


def test_the_hunt_by_keyboard_alone(site, pages):
    page = pages(WIDE, "light")
    card = opened(page, address(site, PAGE), "Bug hunt")
    program = card.get_by_role("combobox", name="program")
    assert program.input_value() == "A" and "with one line broken" in card.get_by_role("status").inner_text()
    program.focus()
    page.keyboard.press("ArrowDown")
    card.get_by_role("radio", name="none").focus()
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    assert "No, not “none”" in card.locator(".question .verdict").inner_text()
    for _ in range(2):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    assert card.get_by_role("status").inner_text().startswith("Yes, dW³ and dW². The check marks 12 of 20.")
    above = """td => { const [mark, now] = [td.querySelector('.mark-wrong'), td.querySelector('.now')].map(e => [e.getBoundingClientRect(), parseFloat(getComputedStyle(e).fontSize)]);
      return mark[0].bottom <= now[0].bottom - now[1] + 0.5; }"""
    assert card.locator("td.wrong").first.evaluate(above), "the mark hides no sign"
    page.keyboard.press("ArrowRight")
    card.get_by_role("checkbox", name="ratios").focus()
    page.keyboard.press("Space")
    assert seen(card)["cells"][:3] == ["0.309", "0.662", "−0.645"]
    card.get_by_role("radio", name="line 3").focus()
    for _ in range(3):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    assert card.get_by_role("status").inner_text().startswith("Yes, line 7. Line 7 keeps the last reader only")
    right, mistake = seen(card)["running"][0][1:]
    assert "[:, -1:]" in mistake and "[:, -1:]" not in right, "the broken line stands under the right one"
    assert card.get_by_role("status").inner_text().endswith("Next: program C, in the list above.")
    program.select_option("C")
    card.get_by_role("button", name="Next step").click()
    card.get_by_role("radio", name="line 8").check()
    card.get_by_role("button", name="Check").click()
    expect(card.locator(".question .verdict")).to_have_text("Right cause: the weights moved too early. But line 8 is unchanged. Which line reads the moved weights?")


@pytest.mark.parametrize("viewport", [WIDE, PHONE], ids=["wide", "phone"])
def test_derivatives_stand_beside_lit_edges_and_their_weights(site, pages, viewport):
    """A box on an edge would hide the very weight by which the derivative goes back."""
    card = opened(pages(viewport, "light"), at(site, "book-given-w2_3_1-eta0.1-step0"))
    covered = """card => { const boxes = parts => [...card.querySelectorAll(parts)].filter(e => e.checkVisibility()).map(e => e.getBoundingClientRect());
      const tags = boxes('.tag:not([hidden]) rect'), meet = (a, b) => a.left < b.right && a.right > b.left && a.top < b.bottom && a.bottom > b.top;
      const points = [...card.querySelectorAll('.route:not([data-edge^=L])')].flatMap(line => [...Array(50).keys()].map(n => line.getPointAtLength(n / 50 * line.getTotalLength()).matrixTransform(line.getScreenCTM())))
        .map(({ x, y }) => ({ left: x, right: x, top: y, bottom: y })), labels = boxes('.edge-label').filter(box => box.width);
      return [tags.length, labels.length, tags.filter(tag => [...points, ...labels].some(part => meet(tag, part))).length]; }"""
    found = {}
    for index, shown in enumerate(card.element_handle().evaluate(walk(covered))):
        found[index] = shown
    assert [index for index, (_, _, hidden) in found.items() if hidden and index != update.last(SPEC, REST)] == []
    assert found[11][:2] == [3, 2] and found[15][0] == 6 and (found[19][1] == 2 or viewport == PHONE), "and both weights stand there"


def test_start_and_rewind(site, pages):
    page = pages(WIDE, "light")
    card = opened(page, at(site, "book-zeros-w2_3_1-eta0.1-step23"))
    still = [SPEC["dial"]["edges"].index(edge) for edge in ("w1_1_1", "w2_1_1", "w3_1_1")]
    moved = []
    for _ in range(3):
        before = seen(card)["state"]["weights"]
        card.get_by_role("button", name="Update", exact=True).click()
        after = seen(card)["state"]["weights"]
        moved.append([before[n] != after[n] for n in still])
    assert moved == [[False, False, True], [False, True, True], [True, True, True]], "one layer wakes in each update"
    card.get_by_role("button", name="Rewind").click()
    state = seen(card)["state"]
    assert state["weights"] == [0] * 20 and state["trail"] == [] and state["start"] == "zeros"
    card.get_by_role("button", name="Update", exact=True).click()
    card.get_by_role("slider", name="η").press("ArrowRight")
    card.get_by_label("program", exact=True).select_option("D")
    state = seen(card)["state"]
    assert (state["weights"], state["eta"], state["trail"], state["index"]) == ([0] * 20, 0.1, [], 0), "another program begins with fresh weights"
    card.get_by_label("program", exact=True).select_option("book")
    card.get_by_role("combobox", name="start").select_option("equal")
    for _ in range(4):
        card.get_by_role("button", name="10 ×").click()
    weights = [round(w, 9) for w in seen(card)["state"]["weights"]]
    assert len(set(weights)) == 6 and "After 40 updates" in seen(card)["status"]
    card.get_by_role("combobox", name="start").select_option("given")
    assert seen(card)["state"]["weights"] == SPEC["traits"]["weights"]


@pytest.mark.parametrize("viewport", [WIDE, PHONE], ids=["wide", "phone"])
def test_after_any_actions_the_page_shows_what_python_computes(site, pages, viewport):
    page, rng = pages(viewport, "light"), random.Random(5)
    card = opened(page, at(site, "book-given-w2_3_1-eta0.1-step23"))
    answered = set()
    for count in range(120):
        bench = seen(card)["actions"] != []
        act = rng.choice(["step", "step", "program", "eta", "end", *(["update", "ten", "turn", "choose", "start", "rewind", "update"] if bench else [])])
        if act == "step":
            card.get_by_role("slider", name="Step").press(rng.choice(["ArrowLeft", "ArrowRight"]))
        elif act == "end":
            card.get_by_role("slider", name="Step").press("End")
        elif act == "eta":
            if (eta := card.get_by_role("slider", name="η")).is_visible():
                eta.press(rng.choice(["ArrowLeft", "ArrowRight"]))
        elif act in ("program", "start", "choose"):
            options = {"program": PROGRAMS, "start": list(update._starts(data.running_example()[0])), "choose": SPEC["dial"]["edges"]}[act]
            card.get_by_role("combobox", name="weight" if act == "choose" else act).select_option(rng.choice(options))
        elif act == "turn":
            card.get_by_role("slider", name="value").press(rng.choice(["ArrowLeft", "ArrowRight", "PageUp", "PageDown"]))
        else:
            card.get_by_role("button", name={"update": "Update", "ten": "10 ×", "rewind": "Rewind"}[act], exact=True).click()
        shown = seen(card)
        frame = update.frame(SPEC, shown["state"])
        agrees(shown, frame, viewport == PHONE, shown["asking"])
        assert "ask" in frame or not shown["asking"]
        answered.add(shown["state"]["program"])
    assert answered == set(PROGRAMS) and page.log.problems == []
    assert card.element_handle().evaluate(CUT) == []


def test_an_address_leads_back(site, pages):
    page = pages(WIDE, "light")
    card = opened(page, address(site, PAGE))
    card.get_by_role("slider", name="Step").press("End")
    card.get_by_role("combobox", name="start").select_option("seed2")
    card.get_by_role("slider", name="η").press("ArrowRight")
    state, where = seen(card)["state"], page.url
    assert where.endswith("#one-update-book-seed2-w3_1_1-eta0.2-step23")
    page.goto("about:blank")
    assert seen(opened(page, where))["state"] == {**state, "trail": []}


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [WIDE, PHONE], ids=["wide", "phone"])
def test_axe_finds_nothing(site, pages, viewport, theme):
    page = pages(viewport, theme)
    for state in ("book-given-w2_3_1-eta0.1-step20", "book-given-w2_3_1-eta0.1-step23", "A-given-w2_3_1-eta0.1-step0", "A-given-w2_3_1-ratio-eta0.1-step1"):
        page.goto("about:blank")
        card = opened(page, at(site, state))
        if state.startswith("A"):
            card.get_by_role("button", name="Next step").click()
        found = Axe().run(page, context=".view-one-update")
        assert found.violations_count == 0, json.dumps(found.response["violations"])[:2000]


def test_without_javascript_there_is_a_picture_and_its_words(site, new_page):
    page = new_page(WIDE, "light", java_script_enabled=False)
    page.goto(f"{site}/{PAGE}")
    picture = page.locator(".mlp-still [role=img]").first
    assert picture.is_visible() and "L = 0.5393. It was 0.7412." in picture.get_attribute("aria-label") and picture.bounding_box()["width"] > 300
    page.context.close()


def test_the_cell_for_a_kernel_shows_its_code_and_nothing_that_looks_alive(site, pages):
    page = pages(WIDE, "light")
    page.goto(f"{site}/{PAGE}")
    cell = page.locator(".cell", has_text="ipywidgets.jslink")
    assert cell.count() == 1 and cell.locator(".cell_output, .mlp-view, button:not(.copybtn)").count() == 0
    assert page.get_by_text("This cell needs a kernel").is_visible()
