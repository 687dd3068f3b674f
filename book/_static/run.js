// The Run buttons: what stands in a cell is computed by Python in a worker (run-worker.js), which is fetched when a button is first pressed.
(() => {
  const home = document.currentScript.src.replace(/run\.js.*/, "");
  const bars = [...document.querySelectorAll(".run-bar")];
  const setups = JSON.parse(document.getElementById("run-setups").textContent);
  if (location.protocol === "file:") {
    for (const bar of bars) bar.textContent = "On the book’s web site, or after make serve, this code can be changed and run here: from disk a browser starts no Python.";
    return;
  }

  let worker, current; // the cell that is running
  function stop(text) {
    worker?.terminate();
    worker = undefined;
    const stopped = current;
    current = undefined;
    stopped?.end(text);
  }
  function begin(cell, message) {
    if (current) stop("Stopped: another cell was run.");
    if (!worker) {
      const own = worker = new Worker(`${home}run-worker.js`);
      worker.onmessage = ({ data: { kind, text } }) => {
        if (own !== worker) return;
        if (kind === "failed") return stop(`Python gave up (${text}). Run starts it again.`);
        const cell = current;
        if (kind === "done") current = undefined;
        cell?.hear(kind, text);
      };
      worker.onerror = (event) => stop(`Python gave up (${event.message || "its files could not be read"}). Run starts it again.`);
    }
    current = cell;
    worker.postMessage(message);
  }

  function make(tag, className, text) {
    const element = document.createElement(tag);
    element.className = className;
    element.textContent = text;
    return element;
  }

  bars.forEach((bar, number) => {
    const pre = bar.previousElementSibling.querySelector("pre"), original = pre.innerHTML, code = () => pre.innerText.replaceAll("\u00a0", " ");
    const book = bar.nextElementSibling; // what the book's own run shows
    const [go, reset] = bar.querySelectorAll("button"), status = bar.querySelector(".run-status");
    const resting = status.textContent;
    let result, stream, failed;

    pre.contentEditable = "plaintext-only";
    if (pre.contentEditable !== "plaintext-only") pre.contentEditable = "true";
    pre.spellcheck = false;
    pre.tabIndex = 0;
    for (const [name, value] of Object.entries({ role: "textbox", "aria-multiline": "true", "aria-label": "Code, Shift+Enter runs it", autocapitalize: "off", autocorrect: "off" })) pre.setAttribute(name, value);

    const cell = {
      hear(kind, text) {
        if (kind === "status") status.textContent = text;
        else if (kind === "done") cell.end(failed ? `Stopped at an error: ${failed}` : text);
        else cell.show(kind, text);
      },
      show(kind, text) {
        if (kind === "text") {
          if (!stream) {
            stream = make("pre", "", "");
            const box = make("div", "output stream", "");
            box.append(stream);
            result.append(box);
          }
          stream.textContent += text;
          return;
        }
        stream = undefined;
        const box = make("div", kind === "html" ? "output text_html" : "output run-error", "");
        if (kind === "html") box.innerHTML = text;
        else {
          failed = text.trimEnd().split("\n").at(-1);
          box.append(make("p", "", failed), make("pre", "", text.trimEnd()));
        }
        result.append(box);
        for (const wide of box.querySelectorAll("pre, .pst-scrollable-table-container")) if (wide.scrollWidth > wide.clientWidth) wide.tabIndex = 0;
      },
      run() {
        cell.clear();
        result = make("div", "cell_output run-result", "");
        result.append(make("p", "run-whose", "Your run"));
        bar.after(result);
        if (book?.matches(".cell_output")) book.before(make("p", "run-whose run-book", "In the book"));
        go.textContent = "Stop";
        reset.disabled = false;
        status.textContent = worker ? "Running …" : "Starting …";
        begin(cell, { setup: setups[number], code: code() });
      },
      end(text) {
        status.textContent = text;
        go.textContent = "Run";
        bar.dataset.ended = (Number(bar.dataset.ended) || 0) + 1;
      },
      clear() {
        result?.remove();
        bar.parentElement.querySelector(".run-book")?.remove();
        result = stream = failed = undefined;
      },
    };

    go.addEventListener("click", (event) => {
      if (event.detail > 1) return; // the second half of a double click stops nothing
      if (current === cell) stop("Stopped.");
      else cell.run();
    });
    reset.addEventListener("click", () => {
      if (current === cell) stop("");
      cell.clear();
      pre.innerHTML = original;
      status.textContent = resting;
      go.focus();
      reset.disabled = true;
    });
    pre.addEventListener("input", () => { reset.disabled = false; });
    pre.addEventListener("keydown", (event) => {
      if (!event.ctrlKey && !event.metaKey) event.stopPropagation(); // "/" is not for the search here
      if (event.key !== "Enter" || event.isComposing) return;
      event.preventDefault();
      if (event.shiftKey || event.ctrlKey || event.metaKey) {
        cell.run();
        return;
      }
      const range = getSelection().getRangeAt(0).cloneRange();
      range.setStart(pre, 0);
      const before = range.cloneContents();
      for (const end of before.querySelectorAll("br")) end.replaceWith("\n");
      const line = before.textContent.split("\n").at(-1);
      document.execCommand("insertText", false, `\n${line.match(/^ */)[0]}${/:\s*(#.*)?$/.test(line) ? "    " : ""}`);
    });
    go.disabled = false;
  });
})();
