// What style sheets cannot do: boxes that scroll take the keyboard's focus, folded parts open for print, and the search
// works from disk and shows formulas once.
(() => {
  /** Gives what is wider than its place a scroll box, and every scroll box a tab stop. */
  function markScrollBoxes() {
    for (const math of document.querySelectorAll(".bd-article span.math")) {
      math.classList.remove("wide");
      const room = math.closest("p, li, td, dd, figcaption, summary")?.clientWidth ?? Infinity;
      math.classList.toggle("wide", [...math.querySelectorAll(".base")].some((base) => base.offsetWidth > room));
    }
    for (const box of document.querySelectorAll(".bd-article .katex-display, .bd-article span.math.wide, .bd-article div.broad")) {
      if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
      else box.removeAttribute("tabindex");
    }
  }
  markScrollBoxes();
  document.fonts?.ready.then(markScrollBoxes);
  window.addEventListener("resize", markScrollBoxes);
  document.addEventListener("toggle", markScrollBoxes, true); // a formula inside <details> has no width before

  let opened = [];
  window.addEventListener("beforeprint", () => {
    opened = [...document.querySelectorAll(".bd-article details:not([open])")];
    for (const part of opened) part.open = true;
  });
  window.addEventListener("afterprint", () => {
    for (const part of opened) part.open = false;
  });

  if (typeof Search === "object") {
    // From disk a page may not read another, so there the results are titles, without a summary from each page.
    if (location.protocol === "file:") DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;
    const text = Search.htmlToText; // a formula is in the page twice: as MathML with its TeX, and drawn
    Search.htmlToText = (html, anchor) => text(html.replace(/<span class="katex-mathml">.*?<\/math><\/span>/gs, ""), anchor);
  }
})();
