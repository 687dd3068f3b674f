// Search as one types, in the dialog of the theme (Ctrl+K): the book's sections, words and symbols. The library and the index (made with
// the site by mlp_search.py) are scripts, which also a page opened from disk may load; they are loaded when the field is first used.
(() => {
  const MOST = 8;
  const folder = new URL(".", document.currentScript.src);
  let index;

  const load = (name) => new Promise((done, failed) => {
    const script = document.createElement("script");
    Object.assign(script, { src: new URL(name, folder), onload: done, onerror: failed });
    document.head.append(script);
  });

  /** One spelling for what has several: regularisation, colour, batches; w²₃₁, w^2_{31}, w2_31 and w231. */
  const symbol = (text) => text.normalize("NFKC").replace(/([A-Za-z])_\{?(\d+)\}?\^\{?(\d+)\}?/g, "$1$3$2").replace(/([A-Za-z])['′]?((?:[\^_]?\{?[\d,]+\}?){1,2})(?![\d^_])/g, (_, letter, marks) => letter + marks.replace(/[^\d]/g, ""))
    .replace(/([A-Za-z]+)[\^_]\{?([kijm,]+)\}?(?:[\^_]\{?([kijm,]+)\}?)?/g, "$1$2$3");
  const term = (word) => {
    const low = word.toLowerCase().replace(/i[sz](ation|ations|e|ed|er|ers|es|ing)$/, "iz").replace(/our(s|ed|ing)?$/, "or$1").replace(/ntre$/, "nter").replace(/elling$/, "eling");
    return low.length > 4 && !low.includes("ss") ? low.replace(/(ch|sh|x)es$/, "$1").replace(/s$/, "") : low;
  };
  const words = (text) => symbol(text).split(/[^\p{L}\p{N}_]+/u).filter(Boolean);

  const open = () => (index ??= Promise.all([load("minisearch/minisearch.js"), load("search-index.js")]).then(() => {
    const made = new MiniSearch({ idField: "n", fields: ["title", "words", "page", "says", "text"], storeFields: ["to", "title", "page", "says"], tokenize: words, processTerm: term });
    made.addAll(window.mlpSearchIndex.map((entry, n) => ({ n, ...entry })));
    return made;
  }));

  const found = (made, typed) => made.search(typed, {
    combineWith: "AND", prefix: (one) => one.length > 1 && !/\d$/.test(one), fuzzy: (one) => (one.length > 5 && !/\d/.test(one) ? 0.15 : false),
    boost: { title: 5, words: 4, page: 1.5, says: 1.2, text: 0.6 },
    boostDocument: (_, __, kept) => (/glossary|bibliography|from-the-notes|#summary|#exercises|#from-the-notes/.test(kept.to) ? 0.45 : kept.page ? 1 : 1.25),
  });

  const element = (tag, attributes, ...children) => {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    made.append(...children);
    return made;
  };
  /** Text with the words that were looked for marked. */
  const marked = (text, terms) => text.split(/([\p{L}\p{N}_²₃₁-₉⁰-⁹ᵏᵢⱼ]+)/u).map((part) =>
    (part && words(part).some((one) => terms.has(term(one))) ? element("mark", {}, part) : part));

  for (const field of document.querySelectorAll("#pst-search-dialog input[type=search]")) {
    const form = field.form, root = new URL(form.getAttribute("action"), location.href);
    const said = element("p", { role: "status", class: "search-said" });
    const list = element("ul", { class: "search-hits", "aria-label": "Sections found" });
    form.after(said, list);
    let asked = 0;
    const show = async () => {
      const typed = field.value.trim(), turn = (asked += 1);
      if (!typed) {
        list.replaceChildren();
        said.textContent = "";
        return;
      }
      const made = await open();
      if (turn !== asked) return;
      const hits = found(made, typed);
      said.textContent = hits.length ? `${hits.length} ${hits.length === 1 ? "section" : "sections"}; ↓ to choose, Enter looks through the whole text.` : "No section; Enter looks through the whole text.";
      list.replaceChildren(...hits.slice(0, MOST).map((hit) => {
        const terms = new Set(hit.terms);
        return element("li", {}, element("a", { href: new URL(hit.to, root).href },
          element("span", { class: "search-title" }, ...marked(hit.title, terms)), element("span", { class: "search-page" }, hit.page), element("span", { class: "search-says" }, ...marked(hit.says, terms))));
      }));
    };
    field.addEventListener("focus", open);
    field.addEventListener("input", show);
    form.parentElement.addEventListener("keydown", (event) => {
      if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
      const stops = [field, ...list.querySelectorAll("a")], at = stops.indexOf(document.activeElement);
      if (at < 0) return;
      event.preventDefault();
      stops[Math.max(0, Math.min(stops.length - 1, at + (event.key === "ArrowDown" ? 1 : -1)))].focus();
    });
    list.addEventListener("click", (event) => event.target.closest("a") && field.closest("dialog").close());
  }
})();
