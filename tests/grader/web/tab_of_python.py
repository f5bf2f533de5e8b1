"""A page with the worker alone, without a notebook: it runs cells and says what they showed."""

SCRIPT = """async (base) => {
  const about = await (await fetch(new URL("about.json", base))).json();
  const worker = new Worker(new URL("worker.js", base), { type: "module" });
  const waiting = new Map();
  let number = 0, shown = [];
  window.ask = (call, texts) => new Promise((resolve) => {
    const id = ++number;
    const files = Object.entries(texts).map(([name, text]) => [name, new TextEncoder().encode(text)]);
    shown = [];
    waiting.set(id, resolve);
    worker.postMessage({ id, call, files });
  });
  await new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => {
      if (data.ready) resolve();
      else if (data.failed) reject(new Error(data.failed));
      else if (data.sent) shown.push(data.sent);
      else if (data.id) waiting.get(data.id)({ reply: data.reply, shown });
    };
    worker.postMessage({ start: { base, ...about } });
  });
}"""


class Python:
    """Python in a tab (`chromium.Tab`) that shows a page of the web folder."""

    def __init__(self, tab, address):
        self._page = tab.page
        tab.open(address)
        self._page.evaluate(SCRIPT, f"{address}python/")

    def ask(self, *call, **files):
        """Call a function of grader/web/tab.py; return its reply, and the messages before it."""
        done = self._page.evaluate("([call, files]) => ask(call, files)", [call, files])
        return done["reply"], done["shown"]

    def run(self, code, **files):
        """Run a cell that may read these files (name and text); return its reply and what it showed."""
        return self.ask("run", code, False, True, **files)
