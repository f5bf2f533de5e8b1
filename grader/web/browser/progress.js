// A line at the foot of the page while Python loads, and where it could not.
export function progress(state, failed) {
  const line = document.getElementById("mlmkit-progress") ?? added();
  if (failed) line.textContent = failed;
  else if (!state) line.remove();
  else {
    const { done, total } = state;
    const mb = (bytes) => Math.round(bytes / 1e6);
    line.textContent =
      done < total
        ? `Loading Python: ${Math.round((100 * done) / total)} % of ${mb(total)} MB`
        : "Starting Python ...";
  }
}

function added() {
  const line = document.createElement("div");
  line.id = "mlmkit-progress";
  line.setAttribute("role", "status");
  line.style.cssText =
    "position:fixed;left:0;bottom:0;z-index:9999;padding:.4em .8em;background:#1a4d80;color:#fff;font:14px sans-serif";
  return document.body.appendChild(line);
}
