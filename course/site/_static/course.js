// For readers without a mouse or without sight.
addEventListener("load", () => {
  // What scrolls within itself can be reached by the keyboard.
  for (const part of document.querySelectorAll(".cell_output, .formula, table.table, pre"))
    if (part.scrollWidth > part.clientWidth || part.scrollHeight > part.clientHeight) part.tabIndex = 0;
  // An empty corner of a table heads no column.
  for (const corner of document.querySelectorAll("th"))
    if (!corner.textContent.trim()) corner.replaceWith(document.createElement("td"));
});
