/**
 * The page: a button that syncs, and the notes.
 * @module
 */

const [button, status, list] = ["sync", "status", "notes"].map((id) => document.getElementById(id));

async function ask(path) {
  const response = await fetch(path);
  const answer = await response.json();
  if (!response.ok) {
    throw new Error(answer.error);
  }
  return answer;
}

async function showNotes() {
  const items = (await ask("/notes")).map(({ id, revision, text }) => {
    const item = document.createElement("li");
    item.textContent = `${id} (${revision}): ${text}`;
    return item;
  });
  list.replaceChildren(...items);
}

async function sync() {
  status.value = "syncing";
  try {
    const { received, news } = await ask("/sync");
    await showNotes();
    status.value = `${news} news in ${received} changes`;
  } catch (error) {
    status.value = error.message;
  }
}

const { serviceWorker } = navigator;
await serviceWorker.register("/worker.js", { type: "module" });
if (serviceWorker.controller === null) {
  await new Promise((resolve) => {
    serviceWorker.addEventListener("controllerchange", resolve, { once: true });
  });
}
await showNotes();
button.addEventListener("click", sync);
button.disabled = false;
