// Begins with Python: fetches what the folder of Python says of itself, and starts the worker.

const NOT_LOADED = "Python could not be loaded. Reload the page when you are online.";

// Reads about.json, which no cache may give: it names the version of all other files.
export async function described(base, progress) {
  const read = async () => (await fetch(new URL("about.json", base), { cache: "no-cache" })).json();
  try {
    return await read().catch(read); // a request that was lost is tried once more
  } catch (error) {
    progress(null, NOT_LOADED);
    throw error;
  }
}

// Starts a worker; what it says before a kernel listens is kept.
export function open(base, about, progress) {
  const worker = new Worker(new URL(`worker.js?${about.version}`, base), { type: "module" });
  const heard = [];
  worker.onmessage = ({ data }) => {
    if (data.progress) return progress(data.progress);
    if (data.ready) progress(null);
    heard.push(data);
  };
  worker.onerror = ({ message }) => worker.onmessage({ data: { failed: message || "Python did not start." } });
  worker.postMessage({ start: { base, ...about } });
  return { worker, heard };
}
