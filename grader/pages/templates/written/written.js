"use strict";
// Marks of written answers. What is marked is kept by the browser, under the lesson's and the grader's name.
const data = JSON.parse(document.getElementById("data").textContent);
const grader = document.getElementById("grader");
const cards = [...document.querySelectorAll("article.answer")];
const place = name => `${data.format}/${data.lesson}/${name.trim().toLowerCase()}`;
const last = `${data.format}/last grader`;
let state = { marks: {}, comments: {} };
let kept = true; // whether this browser keeps anything
let nameless = true; // whether nobody has typed a name

function say(text) { document.getElementById("says").textContent = text; }

function read(key) {
  try { return localStorage.getItem(key); } catch { kept = false; return null; }
}

function write() {
  try {
    localStorage.setItem(place(grader.value), JSON.stringify(state));
    localStorage.setItem(last, grader.value);
  } catch { kept = false; }
  if (!kept) say("This browser does not keep your marks. Save them to a file before you close the page.");
}

function stateOf(name) {
  let found = null;
  try { found = JSON.parse(read(place(name))); } catch { /* damaged: begin anew */ }
  const fine = found && typeof found.marks === "object" && typeof found.comments === "object";
  return fine && found.marks && found.comments ? found : { marks: {}, comments: {} };
}

const keyOf = card => `${card.dataset.question} ${card.dataset.code}`;
const about = card => data.questions[card.dataset.question];
const printOf = card => about(card).prints[card.dataset.code];
const part = (card, name) => card.querySelector(`[name=${name}]`);
const boxes = card => [...card.querySelectorAll("[name=item]")];

// The mark of a card; one of an answer that has changed since counts as none.
function markOf(card) {
  const mark = state.marks[keyOf(card)];
  return mark && mark.print === printOf(card) ? mark : null;
}

const within = (card, points) => Math.min(about(card).points, Math.max(0, points));

function fromRubric(card) {
  const sum = boxes(card).filter(box => box.checked).reduce((sum, box) => sum + about(card).items[box.value], 0);
  return within(card, Math.round(1000 * sum) / 1000);
}

function keep(card, more) {
  const before = markOf(card) || { points: null, own: false };
  const items = boxes(card).filter(box => box.checked).map(box => box.value);
  state.marks[keyOf(card)] = { ...before, print: printOf(card), items, comment: part(card, "comment").value, ...more };
  write();
  show(card);
  progress();
}

function show(card) {
  const mark = markOf(card) || { points: null, items: [], comment: "", own: false };
  for (const box of boxes(card)) box.checked = mark.items.includes(box.value);
  const points = part(card, "points");
  if (document.activeElement !== points) points.value = mark.points === null ? "" : mark.points;
  if (part(card, "comment").value !== mark.comment) part(card, "comment").value = mark.comment;
  const differs = mark.own && mark.points !== null && boxes(card).length && mark.points !== fromRubric(card);
  const old = state.marks[keyOf(card)] && !markOf(card);
  card.querySelector(".own").textContent = differs ? `Changed by hand; the rubric gives ${fromRubric(card)}.`
    : old ? "You had marked this answer; it has changed since." : "";
  card.classList.toggle("done", mark.points !== null);
}

function progress() {
  const done = cards.filter(card => card.classList.contains("done")).length;
  document.getElementById("progress").textContent = `${done} of ${cards.length} with a mark`;
}

function offerComments() {
  for (const card of cards) {
    const often = part(card, "often");
    const known = [...about(card).comments, ...(state.comments[card.dataset.question] || [])];
    while (often.options.length > 1) often.remove(1);
    for (const text of known) {
      const option = document.createElement("option");
      option.textContent = text;
      option.value = text;
      often.append(option);
    }
  }
}

function showAll() {
  cards.forEach(show);
  offerComments();
  progress();
}

function go(card, step) {
  const seen = cards.filter(one => one === card || one.offsetParent !== null);
  const next = seen[seen.indexOf(card) + step];
  if (next) { next.focus(); next.scrollIntoView({ block: "start" }); }
}

function tick(card, box) {
  box.checked = !box.checked;
  keep(card, { points: fromRubric(card), own: false });
}

function noPoint(card) {
  for (const box of boxes(card)) box.checked = false;
  keep(card, { points: 0, own: false });
}

for (const card of cards) {
  const comment = part(card, "comment"), points = part(card, "points");
  card.querySelector("form").addEventListener("submit", event => event.preventDefault());
  for (const box of boxes(card))
    box.addEventListener("change", () => keep(card, { points: fromRubric(card), own: false }));
  points.addEventListener("input", () => {
    const given = points.value === "" ? null : Number(points.value);
    const fine = given === null || (Number.isFinite(given) && given >= 0 && given <= about(card).points);
    say(fine ? "" : `Points lie between 0 and ${about(card).points}.`);
    if (fine && points.validity.valid) keep(card, { points: given, own: given !== null });
  });
  points.addEventListener("blur", () => show(card));
  comment.addEventListener("input", () => keep(card, {}));
  part(card, "none").addEventListener("click", () => noPoint(card));
  part(card, "clear").addEventListener("click", () => {
    delete state.marks[keyOf(card)];
    write();
    show(card);
    progress();
  });
  part(card, "often").addEventListener("change", event => {
    const text = event.target.value;
    if (text && !comment.value.includes(text))
      comment.value = `${comment.value.trim()}\n${text}`.trim().slice(0, data.longest);
    event.target.value = "";
    keep(card, {});
  });
  part(card, "keep").addEventListener("click", () => {
    const text = comment.value.trim(), own = state.comments[card.dataset.question] ||= [];
    if (!text || own.includes(text) || about(card).comments.includes(text)) return;
    own.push(text);
    write();
    offerComments();
    say("The comment is in the list of this question.");
  });
  card.addEventListener("keydown", event => {
    const typing = event.target.matches("textarea, select, input:not([type=checkbox])");
    if (typing && event.key === "Escape") return card.focus();
    if (typing || event.ctrlKey || event.altKey || event.metaKey) return;
    const box = boxes(card)[Number(event.key) - 1];
    if (event.key === "n") go(card, 1);
    else if (event.key === "p") go(card, -1);
    else if (event.key === "c") comment.focus();
    else if (event.key === "0") noPoint(card);
    else if (box) tick(card, box);
    else return;
    event.preventDefault();
  });
}

grader.addEventListener("change", () => {
  const found = stateOf(grader.value);
  if (nameless && !Object.keys(found.marks).length) { // who typed no name until now has one now
    try { localStorage.removeItem(place("")); } catch { kept = false; }
  } else state = found; // another grader's marks are not shown
  nameless = !grader.value.trim();
  write();
  showAll();
});

document.getElementById("names").addEventListener("change", event => {
  for (const who of document.querySelectorAll(".who")) who.hidden = !event.target.checked;
});
document.getElementById("open-only").addEventListener("change", event => {
  document.body.classList.toggle("open-only", event.target.checked);
});

function marksToSave() {
  return cards.map(card => [card, markOf(card)]).filter(([, mark]) => mark && mark.points !== null)
    .map(([card, mark]) => ({
      question: card.dataset.question, code: card.dataset.code, print: mark.print,
      points: mark.points, items: mark.items, comment: mark.comment,
    }));
}

document.getElementById("save").addEventListener("click", () => {
  const name = grader.value.trim();
  if (!name) { say("Type your name first: the file is named by it."); grader.focus(); return; }
  const marks = marksToSave();
  const text = JSON.stringify({
    format: data.format, lesson: data.lesson, grader: name, saved: new Date().toISOString(), marks, comments: state.comments,
  }, null, 1);
  const link = document.createElement("a");
  link.download = `written-${data.lesson}-${name.replace(/[^\p{L}\p{N}_-]+/gu, "-")}.json`;
  link.href = URL.createObjectURL(new Blob([text], { type: "application/json" }));
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
  const left = cards.length - marks.length;
  say(`${marks.length} ${marks.length === 1 ? "mark" : "marks"} saved as ${link.download}.${left ? ` ${left} answers have no mark.` : ""}`);
});

function takeIn(found) {
  if (found?.format !== data.format || found.lesson !== data.lesson || !Array.isArray(found.marks)) return null;
  if (!grader.value.trim() && typeof found.grader === "string") {
    grader.value = found.grader.slice(0, 40);
    state = stateOf(grader.value);
    nameless = false;
  }
  let count = 0;
  for (const card of cards) {
    const mark = found.marks.find(one => one?.question === card.dataset.question && one.code === card.dataset.code);
    if (!mark || mark.print !== printOf(card) || typeof mark.points !== "number" || !Array.isArray(mark.items)) continue;
    const items = mark.items.filter(item => typeof item === "string");
    const comment = typeof mark.comment === "string" ? mark.comment.slice(0, data.longest) : "";
    state.marks[keyOf(card)] = { print: mark.print, points: within(card, mark.points), items, comment, own: true };
    count += 1;
  }
  for (const question of Object.keys(data.questions)) {
    const more = found.comments?.[question];
    if (Array.isArray(more))
      state.comments[question] = [...new Set([...(state.comments[question] || []), ...more.filter(one => typeof one === "string")])];
  }
  return count;
}

document.getElementById("load").addEventListener("change", async event => {
  const file = event.target.files[0];
  if (!file) return;
  let count = null;
  try { count = takeIn(JSON.parse(await file.text())); } catch { /* no JSON */ }
  event.target.value = "";
  write();
  showAll();
  say(count === null ? `${file.name} is no file of marks of this lesson.` : `${count} ${count === 1 ? "mark" : "marks"} read from ${file.name}.`);
});

window.addEventListener("beforeunload", event => { if (!kept && marksToSave().length) event.preventDefault(); });

grader.value = read(last) || "";
state = stateOf(grader.value);
nameless = !grader.value.trim();
showAll();
