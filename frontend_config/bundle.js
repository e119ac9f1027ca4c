// Loads the Label Studio editor out of its web app's webpack build, without starting the app.

function loadScript(url) {
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = url;
    script.async = false;
    script.onload = resolve;
    script.onerror = () => reject(new Error(`The editor's file ${url} did not load.`));
    document.head.append(script);
  });
}

// The editor's styles reset buttons, headings and links everywhere. In a cascade layer they lose
// against every rule of the page, and webpack finds the chunk's style present and adds no link.
function loadStyle(base, name) {
  return new Promise((resolve, reject) => {
    const style = document.createElement("style");
    style.dataset.href = name;
    style.textContent = `@import url("${base}${name}") layer(editor);`;
    style.onload = resolve;
    style.onerror = () => reject(new Error(`The editor's file ${base}${name} did not load.`));
    document.head.append(style);
  });
}

/**
 * Load the editor and return its constructor.
 *
 * `bundle` is what `EditorBundle.page_config()` gives: base, chunk_global, scripts, styles, chunks,
 * module. The first script is webpack's runtime; a chunk's third element is its entry function, and
 * dropping it is what keeps the app from starting.
 */
export async function loadEditor(bundle) {
  const [runtime, ...scripts] = bundle.scripts;
  const styles = bundle.styles.map((name) => loadStyle(bundle.base, name));
  await loadScript(bundle.base + runtime);
  const chunks = self[bundle.chunk_global];
  let load;
  chunks.push([
    [Symbol("workbench")],
    {},
    (require) => {
      load = require;
    },
  ]);
  const push = chunks.push.bind(chunks);
  chunks.push = ([ids, modules]) => push([ids, modules]);
  await Promise.all([
    ...scripts.map((name) => loadScript(bundle.base + name)),
    ...bundle.chunks.map((id) => load.e(id)),
    ...styles,
  ]);
  load(bundle.module);
  return window.LabelStudio;
}
