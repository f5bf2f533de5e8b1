// "Download to hand in": looks whether the name is there and all questions are answered, then gives the file.

const ANSWER = "application/vnd.mlmkit.answer+json";
const UNTOUCHED = "YOUR ANSWER HERE";

// Lists what a notebook (nbformat's JSON) lacks, in sentences.
export function missing(notebook) {
  const text = (cell) => [].concat(cell.source).join("");
  const found = [];
  const named = notebook.cells.find((cell) => cell.metadata.tags?.includes("student"));
  if (named && /^\s*STUDENT\s*=\s*(""|'')\s*(#.*)?$/m.test(text(named)))
    found.push("Your user name is missing: write it at STUDENT, at the top of the lesson, and run all cells.");
  const open = [];
  for (const cell of notebook.cells) {
    const { grade, solution, grade_id: id } = cell.metadata.nbgrader ?? {};
    if (!grade) continue;
    if (cell.cell_type === "code" && !solution) {
      // `check` records null for a hole that was left open.
      const given = cell.outputs.map((output) => output.data?.[ANSWER]).filter(Boolean);
      if (!given.some(({ answer }) => answer !== null)) open.push(question(text(cell)) ?? id);
    } else if (text(cell).includes(UNTOUCHED)) open.push(id);
  }
  if (open.length) found.push(`Not answered yet, or not run: ${open.join(", ")}.`);
  return found;
}

function question(source) {
  return /check\(\s*["']([^"']+)["']/.exec(source)?.[1];
}

export function download(name, notebook) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([JSON.stringify(notebook, null, 1)], { type: "application/x-ipynb+json" }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}
