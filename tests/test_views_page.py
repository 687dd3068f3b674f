"""Every live view on the published page, as a reader meets it; the path ledger has a file of its own (test_ledger_page.py).

A view is added to the tests by a line in VIEWS: its page, its name, and its class as the chapter makes it.
"""

import json
import random
import re

import pytest
from playwright.sync_api import expect
from support import PHONE, WIDE, address

from mlp import MLP, data
from mlp.widgets import PathLedger, Batches, Descent, EpochTape, Names, Nudge, Slopes, Valley

NET, X1, Y1 = data.running_example()
CARS = data.auto_mpg()
VIEWS = {
    "names": ("chapters/01-mlp-notation.html", "Names", lambda: Names(NET, X1)),
    "nudge": ("chapters/03-chain-rule.html", "Nudge", lambda: Nudge(MLP(W={1: [[0.5]], 2: [[-2.0]], 3: [[5.0]]}), [3.0], 2.0, letters=("u z p", "v s q", "w ŷ ŷ"))),
    "path-ledger": ("chapters/04-multi-path-derivatives.html", "Path ledger", lambda: PathLedger(NET, X1, Y1)),
    "slopes": ("chapters/03-chain-rule.html", "Slopes", Slopes),
    "descent": ("chapters/02-loss-and-regularizers.html", "Descent", lambda: Descent(CARS.Xs[:, 2], CARS.ys)),
    "epoch-tape": ("chapters/06-epochs.html", "Epoch tape", lambda: EpochTape(NET, CARS.Xs, CARS.ys)),
    "batches": ("chapters/07-batches.html", "Batches", lambda: Batches(NET, CARS.Xs, CARS.ys)),
    "valley": ("chapters/02-loss-and-regularizers.html", "The valley", lambda: Valley(CARS.Xs[:, [0, 2]], CARS.ys)),
}
STRIDES = {"epoch-tape": 98}  # what Next goes by, where it is not one
ALL = [*VIEWS]

# All that the document says: its text, and the values of its attributes, drawings included.
TOLD = """card => [card.textContent, ...[...card.querySelectorAll('*')].flatMap(e => [...e.attributes].filter(a => !['d', 'points', 'style', 'transform'].includes(a.name)
  && !/^[xy\\d]|^c[xy]$|width|height|viewBox/.test(a.name)).map(a => a.value))].join(' | ')"""

# What cannot be seen: parts of the card that stick out of it and lie in no box that scrolls.
OUTSIDE = """card => { const whole = card.getBoundingClientRect(); return [...card.querySelectorAll('*')].filter(e => {
  if (!e.checkVisibility() || e.closest('svg.plane') || e.closest('option')) return false;
  for (let p = e.parentElement; p && p !== card; p = p.parentElement) if (['auto', 'scroll'].includes(getComputedStyle(p).overflowX)) return false;
  const b = e.getBoundingClientRect(); return b.width && (b.right > whole.right + 1 || b.left < whole.left - 1);
}).map(e => e.outerHTML.slice(0, 120)); }"""


def opened(pages, site, name, viewport=WIDE, theme="light", scheme="http"):
    page = pages(viewport, theme)
    path, region, _ = VIEWS[name]
    page.goto(address(site, path, scheme))
    card = page.get_by_role("region", name=region, exact=True).first
    expect(card).to_be_visible()
    return page, card


def stepped(card, index):
    """Goes to a step by the slider, as one who drags it."""
    slider = card.get_by_role("slider", name="Step", exact=True)
    slider.evaluate("(slider, index) => { slider.value = Number(slider.min) + index; slider.dispatchEvent(new Event('input', { bubbles: true })); }", index)


def status(card):
    return card.get_by_role("status").text_content()


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("viewport, theme, scheme", [(WIDE, "light", "http"), (PHONE, "dark", "file")])
def test_every_step_says_what_python_says(site, pages, name, viewport, theme, scheme):
    page, card = opened(pages, site, name, viewport, theme, scheme)
    frames = VIEWS[name][2]().frames
    some = sorted({0, 1, 2, len(frames) - 1, *random.Random(1).sample(range(len(frames)), min(len(frames), 12))})
    for index in some:
        stepped(card, index)
        frame = frames[index]
        said = f"{frame['ask']['before']['status']} {frame['ask']['question']}".strip() if "ask" in frame else frame["status"]
        expect(card.get_by_role("status")).to_have_text(said)
        assert card.evaluate(OUTSIDE) == [], f"step {index}"
    assert page.log.problems == []


@pytest.mark.parametrize("name", ALL)
def test_the_answer_is_nowhere_before_the_reader_commits(site, pages, name):
    page, card = opened(pages, site, name)
    ask = VIEWS[name][2]().frames[0]["ask"]
    assert ask["question"] in status(card)
    listed = "options" in ask
    if ask["choices"] is None and not listed:
        assert ask["shown"].lstrip("−+") not in card.evaluate(TOLD)
    card.get_by_role("button", name="Check").click()
    assert "Type a number" in card.text_content() or "Choose one" in card.text_content()
    if listed:
        card.get_by_role("combobox", name="Your answer").select_option(next(value for value, _ in ask["options"] if value != ask["answer"]))
    elif ask["choices"] is None:
        card.get_by_role("textbox", name="Your answer").fill("99")
    else:
        card.get_by_role("radio", name=next(choice for choice in ask["choices"] if choice != ask["answer"]), exact=True).check()
    card.get_by_role("button", name="Check").click()
    expect(card).to_contain_text("No, not")
    card.get_by_role("button", name="Show answer").click()
    expect(card.get_by_role("status")).to_contain_text(f"The answer is {ask['shown']}.")
    expect(card.get_by_role("button", name="Check")).to_have_count(0)
    assert ask["why"].strip() in status(card)


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("viewport", [WIDE, PHONE])
def test_picture_sentence_and_buttons_are_seen_together(site, pages, name, viewport):
    page, card = opened(pages, site, name, viewport)
    height = card.bounding_box()["height"]
    assert height <= (650 if viewport == WIDE else 620), height
    card.evaluate("card => { card.scrollIntoView({ block: 'end' }); }")
    box, drawing = (card.get_by_role(role, name=name).first.bounding_box() for role, name in (("button", "Next step"), ("img", None)))
    header = page.locator(".bd-header-article").bounding_box()
    assert drawing["y"] >= header["y"] + header["height"] and box["y"] + box["height"] <= viewport[1]


@pytest.mark.parametrize("name", ALL)
def test_random_hands_leave_no_stale_number(site, pages, name):
    """Every control turned at random; after each turn the sentence is the one that Python makes of the view's own state."""
    page, card = opened(pages, site, name)
    view, rng = VIEWS[name][2](), random.Random(name)
    stepped(card, 1)
    for _ in range(30):
        controls = card.locator(".head select, .head input, .dial input[type=range], .dial select, .extras input, .extras select")
        control = controls.nth(rng.randrange(controls.count()))
        if control.is_visible() and control.is_enabled():
            if control.evaluate("e => e.tagName") == "SELECT":
                control.select_option(index=rng.randrange(control.locator("option").count()))
            elif control.get_attribute("type") == "checkbox":
                control.set_checked(rng.random() < 0.5)
            elif control.get_attribute("type") == "range":
                control.fill(str(rng.randint(int(control.get_attribute("min")), int(control.get_attribute("max")))))
        slider = card.get_by_role("slider", name="Step", exact=True)
        if slider.count():  # one frame has none
            stepped(card, rng.randint(0, int(slider.get_attribute("max")) - int(slider.get_attribute("min"))))
        expect(card).not_to_have_attribute("data-state", re.compile("growing"))  # what is still being computed
        state = json.loads(card.get_attribute("data-state"))
        for trait, value in sorted(state.items(), key=lambda one: one[0] == "index"):
            setattr(view, trait, value)
        frame = view.frames[view.index]
        said = [frame["status"], f"{frame.get('ask', {}).get('before', {}).get('status')} {frame.get('ask', {}).get('question')}".strip()]
        assert any(status(card).endswith(one) for one in said), "after a question was passed, its verdict may stand before"
    assert page.log.problems == []


@pytest.mark.parametrize("name", ALL)
def test_rewind_leads_back(site, pages, name):
    _, card = opened(pages, site, name)
    rest = VIEWS[name][2]()
    first = card.locator(".head input[type=range], .head select").first
    stepped(card, 2)
    before = json.loads(card.get_attribute("data-state"))
    first.evaluate("e => { if (e.tagName === 'SELECT') e.selectedIndex = 1; else e.value = e.max; e.dispatchEvent(new Event(e.tagName === 'SELECT' ? 'change' : 'input', { bubbles: true })); }")
    assert json.loads(card.get_attribute("data-state")) != before
    rewind = card.get_by_role("button", name="Rewind")
    if not rewind.count():
        return  # nothing in it is far from where it rests
    rewind.click()
    after = json.loads(card.get_attribute("data-state"))
    assert after["index"] == 0, "who starts anew is at the start"
    assert {trait: after[trait] for trait in rest.spec["traits"] if trait in after} == {trait: value for trait, value in rest.spec["traits"].items() if trait in after}


@pytest.mark.parametrize("name", ALL)
def test_without_javascript_there_is_a_picture_and_what_is_said(new_page, site, name):
    page = new_page(WIDE, "light", java_script_enabled=False)
    page.goto(f"{site}/{VIEWS[name][0]}")
    still = page.locator(".mlp-still [role=img]").first
    expect(still).to_be_visible()
    assert len(still.get_attribute("aria-label")) > 60
    page.context.close()


@pytest.mark.parametrize("name", ALL)
def test_by_keyboard_alone(site, pages, name):
    page, card = opened(pages, site, name)
    card.get_by_role("img").first.scroll_into_view_if_needed()
    slider = card.get_by_role("slider", name="Step", exact=True)
    slider.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    assert json.loads(card.get_attribute("data-state"))["index"] == 2 * STRIDES.get(name, 1)
    page.keyboard.press("Home")
    assert json.loads(card.get_attribute("data-state"))["index"] == 0
    page.keyboard.press("End")
    expect(card.get_by_role("button", name="Next step")).to_be_disabled()


def test_what_was_turned_meanwhile_is_what_is_told(site, pages):
    """The question and its answer stay when the weight is turned, and so does what was chosen; the reason is that of the weight now."""
    page, card = opened(pages, site, "slopes")
    view = Slopes()
    card.get_by_role("radio", name="less", exact=True).check()
    card.get_by_role("slider", name="weight").press("ArrowLeft")
    before, view.w = view.frames[0]["ask"], 0.5
    now = view.frames[0]["ask"]
    assert now["why"] != before["why"] and (now["question"], now["answer"]) == (before["question"], before["answer"])
    expect(card.get_by_role("radio", name="less", exact=True)).to_be_checked()
    card.get_by_role("button", name="Check").click()
    expect(card.get_by_role("status")).to_have_text(f"Yes, less. {now['why']} {view.frames[0]['status']}")
    assert page.log.problems == []


def test_a_weight_is_found_by_pressing_its_edge_or_its_cell(site, pages):
    """The first question of Names is answered on the drawing, the third in a matrix; a wrong press is told what was mixed up."""
    page, card = opened(pages, site, "names")
    drawing = card.get_by_role("img").first
    press = """(svg, edge) => { const line = svg.querySelector(`.hit[data-choice="${edge}"]`), box = svg.getBoundingClientRect(), scale = box.width / svg.viewBox.baseVal.width;
      const at = (name) => line[name].baseVal.value, share = 0.22;
      return { x: (at('x1') + share * (at('x2') - at('x1'))) * scale, y: (at('y1') + share * (at('y2') - at('y1'))) * scale }; }"""
    check, listed = card.get_by_role("button", name="Check"), card.get_by_role("combobox", name="Your answer")
    blue = """card => { const probe = card.appendChild(document.createElement('i')); probe.style.color = 'var(--accent)'; const accent = getComputedStyle(probe).color; probe.remove();
      return [...card.querySelectorAll('.drawing line:not(.hit)')].filter(e => getComputedStyle(e).stroke === accent).length + [...card.querySelectorAll('td')].filter(e => getComputedStyle(e).boxShadow.includes(accent)).length; }"""
    assert card.evaluate(blue) == 0, "nothing is chosen, so nothing looks chosen"
    drawing.click(position=drawing.evaluate(press, "w1_3_2"))
    expect(listed).to_have_value("w1_3_2")
    expect(card.locator(".picked")).to_have_count(2)
    expect(card).not_to_contain_text("No, not")
    expect(card.locator("td.picked")).to_have_attribute("data-choice", "w1_3_2")
    assert card.locator(".edge.picked").evaluate("e => e.getAnimations().forEach(one => one.finish())") is None and card.evaluate(blue) == 2
    check.click()
    expect(card).to_contain_text("You took (to, from)")
    expect(card.locator(".edge.missed")).to_have_count(1)
    drawing.hover(position=drawing.evaluate(press, "w1_3_2"))
    expect(card.locator(".edge.missed.hot")).to_have_count(1)
    assert card.locator(".edge.missed").evaluate("e => { e.getAnimations().forEach(one => one.finish()); const mark = getComputedStyle(e).stroke; e.classList.remove('hot'); e.getAnimations().forEach(one => one.finish()); return mark === getComputedStyle(e).stroke; }"), "under the pointer or not"
    expect(card.locator("td.missed")).to_have_attribute("data-choice", "w1_3_2")
    listed.select_option("w1_2_3")
    expect(card.locator(".missed")).to_have_count(0)
    expect(card).not_to_contain_text("No, not")
    check.click()
    expect(card.get_by_role("status")).to_contain_text("Yes, x₂ → O₁₃.")
    expect(card.locator(".picked")).to_have_count(0)
    stepped(card, 2)
    assert card.get_by_role("status").locator(".whole").first.text_content().startswith("net.W["), "no line ends within code"
    assert set(card.locator(".whole").evaluate_all("all => all.map(one => getComputedStyle(one).whiteSpace)")) == {"nowrap"}
    answer = VIEWS["names"][2]().frames[2]["ask"]["answer"]
    card.locator(f".matrices td[data-choice={answer}]").click()
    card.get_by_role("button", name="Next step").click()
    expect(card.locator(".picked")).to_have_count(0)
    card.get_by_role("button", name="Previous step").click()
    card.get_by_role("combobox", name="mode").select_option("look")
    expect(card.get_by_role("slider", name="Step")).to_have_count(0)
    card.get_by_role("combobox", name="mode").select_option("find")
    expect(card.get_by_role("slider", name="Step")).to_have_count(1)
    assert page.log.problems == []


def test_find_ends_with_a_score(site, pages):
    """All twelve are answered, the second after a wrong try and the third by passing on."""
    page, card = opened(pages, site, "names")
    for n, ask in enumerate(frame["ask"] for frame in VIEWS["names"][2]().frames):
        listed, check = card.get_by_role("combobox", name="Your answer"), card.get_by_role("button", name="Check")
        if n == 1:
            card.get_by_role("radio", name=next(choice for choice in ask["choices"] if choice != ask["answer"]), exact=True).check()
            check.click()
        if n != 2:
            listed.select_option(ask["answer"]) if "options" in ask else card.get_by_role("radio", name=ask["answer"], exact=True).check()
            check.click()
        if n < 11:
            card.get_by_role("button", name="Next step").click()
    expect(card.get_by_role("status")).to_contain_text("Of 12, you found 10 at the first try.")


@pytest.mark.parametrize("name", ALL)
def test_a_list_is_called_by_its_label_alone(site, pages, name):
    _, card = opened(pages, site, name)
    for choice in VIEWS[name][2]().spec["choices"]:
        if "options" in choice:
            called = card.get_by_label(choice["label"], exact=True)
            expect(called).to_have_count(1)
            assert called.is_hidden() or card.get_by_role("combobox", name=choice["label"], exact=True).count() == 1


@pytest.mark.parametrize("name", ALL)
def test_sentence_and_buttons_stay_in_sight_of_a_card_that_is_longer_than_the_window(site, pages, name):
    page, card = opened(pages, site, name, (360, 420))
    for top in (60, -40):  # its head below the bar, and scrolled past
        page.evaluate("([card, top]) => scrollBy(0, card.getBoundingClientRect().top - top)", [card.element_handle(), top])
        box, foot = card.bounding_box(), card.locator(".foot").bounding_box()
        assert box["y"] + box["height"] > 420, "the card is longer than the window"
        assert foot["y"] + foot["height"] == pytest.approx(420, abs=1)
