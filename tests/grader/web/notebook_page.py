"""A notebook in JupyterLite's page, as a student uses it."""

import re
import time

# What the line at the foot of the page says while Python is loaded: run WATCH before the page, SAID after it.
WATCH = """addEventListener("DOMContentLoaded", () => new MutationObserver(() => {
    const line = document.getElementById("mlmkit-progress");
    if (line) (window.said ??= []).push(line.textContent);
}).observe(document.body, { childList: true, subtree: true }))"""
SAID = "[...new Set(window.said)].join()"


class Notebook:
    """The notebook in the tab, as a student uses it."""

    def __init__(self, tab, address, lesson):
        self.tab, self.page = tab, tab.page
        tab.open(f"{address}notebooks/index.html?path={lesson}.ipynb")
        self.page.wait_for_selector(".jp-Notebook .jp-Cell")

    def cell(self, text):
        """Find the code cell that holds this text."""
        return self.page.locator(".jp-CodeCell", has=self.page.locator(".cm-content", has_text=text)).first

    def write(self, text, code):
        """Write a cell anew, and run it."""
        editor = self.cell(text).locator(".cm-content")
        editor.scroll_into_view_if_needed()
        editor.click()
        self.page.keyboard.press("Control+a")
        self.page.keyboard.insert_text(code)
        self.page.keyboard.press("Shift+Enter")

    def start(self, text):
        """Run a cell, without waiting for its end."""
        cell = self.cell(text)
        cell.scroll_into_view_if_needed()
        cell.locator(".cm-content").click()
        before = cell.locator(".jp-InputPrompt").text_content()
        self.page.keyboard.press("Shift+Enter")
        return cell, before

    def stop(self):
        """Press Stop."""
        button = 'jp-button[data-command="notebook:interrupt-kernel"], [data-command*="interrupt"]'
        self.page.locator(button).first.click()

    def restart(self):
        """Have Python begin anew."""
        self.menu("Kernel", "Restart Kernel")
        self.page.locator(".jp-Dialog .jp-mod-accept").click()

    def run(self, text):
        """Run a cell, and return what it shows."""
        cell, before = self.start(text)
        prompt = re.compile(r"\[\d+\]")
        for _ in range(600):
            now = cell.locator(".jp-InputPrompt").text_content()
            if now != before and prompt.match(now):
                return cell.locator(".jp-OutputArea").inner_text()
            time.sleep(0.1)
        raise AssertionError(f"the cell {text!r} did not end")

    def menu(self, *words):
        """Choose from the menu."""
        self.page.locator(".lm-MenuBar-itemLabel", has_text=words[0]).first.click()
        self.page.locator(".lm-Menu-itemLabel", has_text=words[1]).first.click()

    def run_all(self):
        """Run all cells, and wait for the last one."""
        self.menu("Run", "Run All Cells")
        last = "[...document.querySelectorAll('.jp-CodeCell .jp-InputPrompt')].at(-1).textContent"
        self.tab.wait(f"/\\d/.test({last})", 180)
