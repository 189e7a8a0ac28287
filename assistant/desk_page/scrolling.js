// Where the reader is in a case: the end, or with newer messages below.

import { at } from "./state.js";

const NEAR_THE_END = 160; // pixels

export const isWide = () => matchMedia("(min-width: 60rem)").matches;
const scroller = () => (isWide() ? at("case") : document.scrollingElement);

export const toTop = () => scroller().scrollTo({ top: 0 });
export const toEnd = () => scroller().scrollTo({ top: scroller().scrollHeight });

export function isAtEnd() {
  const { scrollHeight, scrollTop, clientHeight } = scroller();
  return scrollHeight - scrollTop - clientHeight < NEAR_THE_END;
}

// The way down, offered where the end of the conversation is out of sight.
export const offerEnd = () => (at("latest").hidden = isAtEnd());

at("latest").addEventListener("click", () => {
  toEnd();
  (isWide() && !at("answer").hidden ? at("text") : at("case")).focus({ preventScroll: true }); // on a phone no keyboard
});
at("case").addEventListener("scroll", offerEnd, { passive: true });
addEventListener("scroll", offerEnd, { passive: true });
addEventListener("resize", offerEnd, { passive: true });
at("before").addEventListener("toggle", offerEnd);
