// What a reader has done stays on the reader's own device: predictions answered, exercises ticked, the last place in each chapter, the state
// of each view. One record a page in localStorage, under one prefix with a version; what does not fit any more is passed over in silence.
// Where the browser refuses storage, a script in the head (mlp_site.py) has put a store in its place that lasts as long as the page.
(() => {
  const PREFIX = "every-path/1/", FORMAT = { format: "every-path", version: 1 };
  const WAYS = { right: "right at the first try", later: "right later", shown: "shown" }; // and "tried": not yet right
  const root = new URL(document.documentElement.dataset.content_root, location.href);
  const nameOf = ({ pathname }) => (pathname.startsWith(root.pathname) ? decodeURI(pathname.slice(root.pathname.length)).replace(/\.html$/, "") : "");
  const here = nameOf(location), isFront = here === "book/index";

  /** A short name for a text, so that a record fits only what it was made for. */
  const fingerprint = (text) => {
    let hash = 5381;
    for (let at = 0; at < text.length; at += 1) hash = (Math.imul(hash, 33) ^ text.charCodeAt(at)) >>> 0;
    return hash.toString(36);
  };
  const element = (tag, attributes, ...children) => {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) typeof value === "function" ? made.addEventListener(name, value) : made.setAttribute(name, value);
    made.append(...children);
    return made;
  };

  // Records ------------------------------------------------------------------------------------------------------
  const isText = (value) => typeof value === "string";
  const isPair = (value) => Array.isArray(value) && value.length === 2;
  const FITS = {
    answers: (value) => isPair(value) && (value[0] in WAYS || value[0] === "tried") && isText(value[1]),
    ticks: (value) => value === true,
    views: (value) => Array.isArray(value) && isText(value[0]) && isText(value[1]) && Array.isArray(value[2]) && value[2].every((one) => isPair(one) && isText(one[0]) && typeof one[1] === "boolean"),
  };
  /** What of a record can be read; never anything else. */
  const cleaned = (record) => {
    const made = {};
    for (const [kind, fits] of Object.entries(FITS)) made[kind] = Object.fromEntries(Object.entries(record?.[kind] ?? {}).filter(([, value]) => fits(value)));
    if (isPair(record?.place) && record.place.every(isText)) made.place = record.place;
    if (isPair(record?.count) && record.count.every(Number.isInteger)) made.count = record.count;
    return made;
  };
  const parsed = (text) => {
    try {
      return JSON.parse(text);
    } catch {
      return undefined;
    }
  };
  const read = (page) => cleaned(parsed(localStorage.getItem(PREFIX + page)));
  const pagesKept = () => Object.keys(localStorage).filter((key) => key.startsWith(PREFIX) && key !== `${PREFIX}last`).map((key) => key.slice(PREFIX.length));
  const last = () => {
    const value = parsed(localStorage.getItem(`${PREFIX}last`));
    return isPair(value) && value.every(isText) ? value : undefined;
  };
  /** Changes this page's record as it is now: another window may have changed it, too. */
  const change = (how) => {
    const record = read(here);
    how(record);
    const done = keys.answers.filter((key) => record.answers[key]?.[0] in WAYS).length + keys.ticks.filter((key) => record.ticks[key]).length;
    record.count = [done, keys.answers.length + keys.ticks.length];
    try {
      localStorage.setItem(PREFIX + here, JSON.stringify(record));
    } catch {
      return; // no room: the page goes on without
    }
    mark();
  };

  // Questions, exercises, views ----------------------------------------------------------------------------------
  const keyOf = ({ question, choices, answer, tol }) => fingerprint(JSON.stringify([question, choices, answer, tol]));
  const textOf = (part) => {
    const copy = part.cloneNode(true);
    copy.querySelectorAll(".headerlink, .katex-mathml").forEach((one) => one.remove());
    return copy.textContent.trim();
  };
  const exercises = [...document.querySelectorAll("#exercises p > strong:first-child")].filter((number) => /^\d+\.$/.test(number.textContent)).map((number) => ({ number, key: fingerprint(textOf(number.parentElement)) }));
  const keys = {
    answers: [...document.querySelectorAll('.mlp-view[data-panels=""] > script')].map((data) => keyOf(JSON.parse(data.textContent).spec)),
    ticks: exercises.map(({ key }) => key),
  };
  globalThis.mlpMemory = {
    question(spec) {
      const key = keyOf(spec), [how, given] = read(here).answers[key] ?? [];
      return { kept: how && { how, given }, keep: (...answer) => change((record) => { record.answers[key] = answer; }) };
    },
    view(id, text) {
      const print = fingerprint(text), [fit, address, answered] = read(here).views[id] ?? [];
      return { ...(fit === print && { address, answered }), keep: (...state) => change((record) => { record.views[id] = [print, ...state]; }) };
    },
  };
  for (const { number, key } of exercises) {
    const box = element("input", { type: "checkbox", change: () => change((record) => (box.checked ? (record.ticks[key] = true) : delete record.ticks[key])) });
    box.checked = key in read(here).ticks;
    number.parentElement.append(element("label", { class: "tick" }, box, element("span", { class: "visually-hidden" }, `Exercise ${number.textContent.slice(0, -1)} `), "done"));
  }

  // The last place -------------------------------------------------------------------------------------------------
  const isChapter = !isFront && keys.answers.length + keys.ticks.length > 0;
  const sections = isChapter ? [...document.querySelectorAll(".bd-article section section[id]")] : [];
  const before = read(here).place; // as it was when the reader came
  const notePlace = () => {
    const section = sections.filter((one) => one.getBoundingClientRect().top < innerHeight / 2).at(-1);
    if (!section || section.id === read(here).place?.[0] && last()?.[0] === here) return;
    const place = [section.id, textOf(section.querySelector("h2, h3, h4"))];
    change((record) => { record.place = place; });
    try {
      localStorage.setItem(`${PREFIX}last`, JSON.stringify([here, `${place[0]}`]));
    } catch {
      // no room
    }
  };
  let due = 0;
  if (isChapter) addEventListener("scroll", () => {
    clearTimeout(due);
    due = setTimeout(notePlace, 400);
  }, { passive: true });

  const links = () => [...document.querySelectorAll(".bd-sidebar-primary a.reference.internal")].map((link) => ({ link, page: link.getAttribute("href") === "#" ? here : nameOf(new URL(link.href)) }));
  const titles = new Map(links().map(({ link, page }) => [page, link.textContent]));
  function offerPlace() {
    document.querySelectorAll(".continue").forEach((old) => old.remove());
    const offer = (words, href, text) => document.querySelector(".bd-article h1")?.parentElement.querySelector(isFront ? "h1 + p" : "h1").after(element("p", { class: "continue" }, words, element("a", { href }, text)));
    if (isFront) {
      const [page] = last() ?? [], [id, title] = (page && read(page).place) ?? [];
      if (id && titles.has(page)) offer("Continue where you were: ", `${new URL(`${page}.html`, root).href}#${encodeURIComponent(id)}`, `${titles.get(page)}, ${title}`);
    } else if (before && !location.hash && sections.some(({ id }) => id === before[0])) offer("You were at ", `#${encodeURIComponent(before[0])}`, before[1]);
  }

  /** The quiet mark beside each chapter in the contents. */
  function mark() {
    for (const { link, page } of links()) {
      link.querySelector(".mark")?.remove();
      const { count: [done, of] = [0, 0], place } = read(page);
      if (!of || (!done && !place)) continue;
      const words = done === of ? "all done" : done ? `${done} of ${of} done` : "begun";
      link.append(element("span", { class: "mark", title: words, style: `--part: ${Math.round((100 * done) / of)}%` }, element("span", { class: "visually-hidden" }, `, ${words}`)));
    }
  }
  const show = () => {
    mark();
    offerPlace();
    tell?.();
  };

  // The page where it can be seen, taken along and forgotten -------------------------------------------------------------
  const place = document.querySelector(".memory"), tell = place && desk(place);
  function desk(box) {
    const said = element("p", { role: "status" }), summary = element("p", {});
    const button = (text, click) => element("button", { type: "button", click }, text);
    const plural = (n, one, many = `${one}s`) => `${n} ${n === 1 ? one : many}`;
    const clear = () => Object.keys(localStorage).filter((key) => key.startsWith(PREFIX)).forEach((key) => localStorage.removeItem(key));
    const exported = () => ({ ...FORMAT, last: last(), pages: Object.fromEntries(pagesKept().map((page) => [page, read(page)])) });
    const tellAll = () => {
      const records = pagesKept().map(read), answers = records.flatMap((record) => Object.values(record.answers)), count = (way) => answers.filter(([how]) => how === way).length;
      const ticks = records.reduce((sum, record) => sum + Object.keys(record.ticks).length, 0), known = records.length > 0;
      summary.textContent = `${globalThis.mlpForgets ? "This browser refuses to keep anything, so the book forgets when you leave a page. " : ""}${known
        ? `Kept here: ${plural(answers.filter(([how]) => how in WAYS).length, "prediction")} (${Object.entries(WAYS).map(([way, words]) => `${count(way)} ${words}`).join(", ")}), ${plural(ticks, "exercise")} ticked, a place in ${plural(records.filter((record) => record.place).length, "page")}.`
        : "Nothing is kept yet."}`;
      for (const one of [save, forget]) one.disabled = !known;
    };
    const save = button("Export", () => {
      const link = element("a", { href: URL.createObjectURL(new Blob([JSON.stringify(exported(), null, 1)], { type: "application/json" })), download: "every-path.json" });
      link.click();
      URL.revokeObjectURL(link.href);
      said.textContent = "Exported to the file every-path.json.";
    });
    /** Adds what a file holds; where both have something, what is here stays. Says what it did, in a sentence. */
    const take = (text) => {
      const file = parsed(text), isRecord = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
      if (file?.format !== FORMAT.format || !isRecord(file.pages)) return "This file was not exported from this book; nothing has changed.";
      if (file.version !== FORMAT.version) return "This file comes from an edition of the book that this one does not understand; nothing has changed.";
      const was = exported();
      const put = ({ pages, last: to }) => {
        clear();
        for (const [page, record] of Object.entries(pages)) localStorage.setItem(PREFIX + page, JSON.stringify(record));
        if (to) localStorage.setItem(`${PREFIX}last`, JSON.stringify(to));
      };
      const pages = { ...was.pages };
      for (const [page, record] of Object.entries(file.pages)) {
        const theirs = cleaned(record), mine = pages[page] ?? cleaned();
        pages[page] = { ...theirs, ...mine, ...Object.fromEntries(Object.keys(FITS).map((kind) => [kind, { ...theirs[kind], ...mine[kind] }])) };
        if (theirs.count && mine.count) pages[page].count = [Math.max(theirs.count[0], mine.count[0]), mine.count[1]]; // exact when the page is next opened
      }
      try {
        put({ pages, last: was.last ?? file.last });
      } catch {
        put(was);
        return "This browser has no room for what the file holds; nothing has changed.";
      }
      return "Imported: what the file holds is added to what was here.";
    };
    const input = element("input", { type: "file", accept: ".json,application/json", class: "visually-hidden", tabindex: "-1", "aria-hidden": "true", change: async () => {
      said.textContent = take(await input.files[0].text().catch(() => ""));
      input.value = "";
      show();
    } });
    const load = button("Import", () => input.click());
    const really = element("span", { hidden: "" }, "All of it, on this device? ", button("Yes, forget everything", () => {
      clear();
      said.textContent = "Everything is forgotten.";
      asking(false);
      show();
    }), button("Keep it", () => asking(false)));
    const forget = button("Forget everything", () => asking(true));
    const asking = (is) => {
      really.hidden = !is;
      forget.setAttribute("aria-expanded", String(is));
      (is ? really.querySelector("button") : load).focus();
    };
    forget.setAttribute("aria-expanded", "false");
    box.replaceChildren(summary, element("div", { class: "memory-buttons" }, save, load, input, forget, really), said);
    return tellAll;
  }

  show();
  if (isChapter && pagesKept().includes(here)) change(() => {}); // the count, as the page is now
  addEventListener("pageshow", (event) => event.persisted && show()); // back from another page, as it was left
})();
