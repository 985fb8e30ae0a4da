/** Entry of gallery.html: every scene in a frame of its own. */

import { scenesOf } from "./scenes";

const language = new URLSearchParams(location.search).get("lang") ?? "en";
for (const scene of Object.keys(scenesOf(false, Date.now()))) {
  const figure = document.createElement("figure");
  const caption = document.createElement("figcaption");
  const frame = document.createElement("iframe");
  caption.textContent = scene;
  frame.title = scene;
  frame.loading = "lazy";
  frame.src = `dev.html?scene=${scene}&lang=${language}&popup`;
  figure.append(caption, frame);
  document.body.append(figure);
}
