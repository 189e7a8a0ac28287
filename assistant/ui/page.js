// Runs once for each part of the page (top, past, present, passage, ...).
// A part's HTML says what a click means: data-action="cite" data-turn="3" data-number="1".
// Events that go to Gradio: 'shown' 'example' 'person' 'decide' 'cite' 'rate' 'comment' 'language' 'anew'
const part = element.closest('#top, #past, #present, #bottom, #passage').id;
const page = document.scrollingElement;
const desk = (window.frontdesk ??= { atEnd: true, opener: null });
const unfolded = new Set();
const MOST_PUT_IN = 100_000; // characters; laying out the lines of megabytes holds the page still for a minute
const GAP = 12; // pixels between the header and what is read from its beginning

// What is typed and not sent outlives a part that is drawn again, and a reload. It is kept in this tab, or, where a page
// in a frame may keep nothing, as long as the page.
const DRAFTS = 'frontdesk.drafts';
const drafts = (desk.drafts ??= { question: '', comments: {}, since: '', ...kept() });
const question = () => document.querySelector('#question textarea');

function kept() {
  try {
    return JSON.parse(sessionStorage.getItem(DRAFTS));
  } catch {
    return null;
  }
}

const conversation = () => localStorage.getItem('frontdesk.conversation');

async function isServed() {
  try {
    return (await fetch('healthz', { cache: 'no-store' })).ok;
  } catch {
    return false;
  }
}

function keep() {
  try {
    sessionStorage.setItem(DRAFTS, JSON.stringify(drafts));
  } catch {}
}

// A proxy answers with a page of its own, which Gradio would tell of as a fault of its parser. In the place of a server that
// is away that is a lost connection, which Gradio mends; else it refused what was sent.
desk.fetch ??= window.fetch;
window.fetch = async (address, options) => {
  const said = await desk.fetch.call(window, address, options);
  const isOurs = said.headers.get('content-type')?.startsWith('application/json');
  const isTooLarge = said.status === 413;
  if ((isOurs && !isTooLarge) || !String(address).includes('/queue/join')) return said;
  if (said.status > 500) throw new TypeError('The server is away.');
  const words = document.querySelector('.top')?.dataset ?? {};
  const told = JSON.stringify({ detail: isTooLarge ? words.tooLarge : words.failed });
  return new Response(told, { status: 500, headers: { 'content-type': 'application/json' } });
};

// Says why Enter sends nothing while an answer is being written; "" when it is there.
function sayWait(why = '') {
  const line = document.querySelector('#bottom .wait');
  if (line && line.textContent !== why) line.textContent = why;
}

// Says of a question, or of what was to be put into a box, that it is too long to be sent.
function sayLong(name, count) {
  const { most, ...words } = document.querySelector('#bottom .wait').dataset;
  const values = { count, most: Number(most) };
  sayWait(words[name].replace(/\{(count|most)\}/g, (_, key) => values[key].toLocaleString()));
  desk.isLong = true;
}

// Shows the end of what was said last, or its beginning where not all of it fits, and never goes back up. Buttons that
// wait for a yes or a no, and what went wrong, are shown whatever stands above them.
const toEnd = () => {
  const last = [...document.querySelectorAll('.turn')].at(-1);
  const header = document.querySelector('.top')?.getBoundingClientRect().bottom ?? 0;
  const isWhole = !last || document.querySelector('#present .failure') || last.querySelector('.approval button, .failure');
  const begins = isWhole ? Infinity : page.scrollTop + last.getBoundingClientRect().top - header - GAP;
  page.scrollTo({ top: Math.max(page.scrollTop, Math.min(begins, page.scrollHeight)) });
  desk.shown = page.scrollTop;
};

const toQuote = () =>
  element.querySelector('.highlight, mark')?.scrollIntoView({ block: 'center', inline: 'start' });

// A passage that covers the page, as on a phone, keeps the keyboard too.
const covers = () => Boolean(element.querySelector('.passage')) && matchMedia('(max-width: 1099px)').matches;
const cover = (covered) =>
  document.querySelectorAll('#top, #past, #present, #dock').forEach((below) => (below.inert = covered));

const close = () => {
  props.value = '';
  cover(false);
  desk.opener?.focus();
};

element.addEventListener('click', (event) => {
  const target = event.target.closest('[data-action]');
  if (!target || target.tagName === 'FORM') return;
  const { action, ...data } = target.dataset;
  if (action === 'close') return close();
  if (action === 'zoom') {
    target.ariaPressed = element.querySelector('.passage').classList.toggle('large');
    return toQuote();
  }
  if (action === 'skip') return closeComment(target.form);
  if (action === 'rate' && data.rating === 'up') delete drafts.comments[data.turn];
  if (action === 'rate' && data.rating === 'down' && openComment(data.turn)) return;
  if (action === 'anew') {  // who sits down at the same page next reads nothing of it
    drafts.comments = {};
    drafts.question = question().value = '';
    question().dispatchEvent(new Event('input', { bubbles: true }));
  }
  if (action === 'cite') desk.opener = target;
  // A second click must not answer the next thing that is asked.
  if (action === 'decide') target.parentElement.querySelectorAll('button').forEach((node) => (node.disabled = true));
  trigger(action, data);
});

element.addEventListener('submit', (event) => {
  event.preventDefault();
  const form = event.target, box = form.elements.comment, text = box.value.trim(), count = [...text].length;
  if (text === box.defaultValue.trim()) return closeComment(form);
  if (count > Number(form.dataset.most)) {
    box.setCustomValidity(form.dataset.tooLong.replace('{count}', count.toLocaleString()));
    return box.reportValidity();
  }
  drafts.comments[form.dataset.turn] = { text, sent: true };
  trigger('comment', { turn: form.dataset.turn, comment: text });
});

// A comment that is being written: {text, sent} by turn; `asked` while its box is yet to come.
element.addEventListener('input', ({ target }) => {
  if (target.name !== 'comment') return;
  target.setCustomValidity('');
  desk.caret = target.selectionEnd;
  drafts.comments[target.form.dataset.turn] = { text: target.value, sent: false };
});

const formOf = (turn) => element.querySelector(`form.comment[data-turn="${turn}"]`);
const thumbOf = (turn) => element.querySelector(`[data-rating="down"][data-turn="${turn}"]`);

// Opens the box of a turn, if it has one already.
function openComment(turn) {
  const form = formOf(turn);
  drafts.comments[turn] ??= { text: form?.elements.comment.value ?? '', sent: false, asked: !form };
  desk.commenting = turn;
  if (form) showComments();
  form?.elements.comment.focus();
  return Boolean(form);
}

function closeComment(form) {
  delete drafts.comments[form.dataset.turn];
  form.reset();
  form.hidden = true;
  form.nextElementSibling.hidden = false;
  thumbOf(form.dataset.turn).focus();
}

// Opens the boxes of what is being written; what has arrived, or lost its box, is no draft any more.
function showComments() {
  for (const turn of Object.keys(drafts.comments)) {
    const { text, sent, asked } = drafts.comments[turn], form = formOf(turn), box = form?.elements.comment;
    if (!form && asked) continue;
    if (!form || (sent && box.defaultValue.trim() === text)) {
      if (!element.querySelector(`.turn[data-turn="${turn}"]`)) continue;
      if (form?.contains(document.activeElement)) thumbOf(turn).focus(); // it goes, and the keyboard's place with it
      delete drafts.comments[turn];
      continue;
    }
    drafts.comments[turn].asked = false;
    box.value = text;
    form.hidden = false;
    form.nextElementSibling.hidden = true;
    const wasThere = desk.commenting === turn && document.activeElement === document.body;
    if (!asked && !wasThere) continue;
    box.focus();
    box.setSelectionRange(desk.caret ?? text.length, desk.caret ?? text.length);
  }
}

// Drawing a part again must not fold what the reader has unfolded. `toggle` does not bubble, so it is caught on the way.
element.addEventListener(
  'toggle',
  ({ target }) => unfolded[target.open ? 'add' : 'delete'](target.dataset.key),
  true,
);

// Comments that are being written are of one conversation, told by when it began: in another tab a new one may begin.
function ofThisConversation() {
  const since = element.querySelector('.turn')?.dataset.since;
  if (!since || since === drafts.since) return;
  Object.assign(drafts, { since, comments: {} });
  unfolded.clear();
}

watch('value', () => {
  if (part === 'past') ofThisConversation();
  element.querySelectorAll('details[data-key]').forEach((node) => {
    node.open = unfolded.has(node.dataset.key);
  });
  if (part === 'top') document.documentElement.lang = element.querySelector('[lang]').lang;
  if (part === 'bottom' && window === window.top && matchMedia('(pointer: fine)').matches) {
    // The first labels are here. On a phone the focus would raise the keyboard over half the page, in a frame it would be
    // taken from the page around it.
    document.querySelector('#question textarea')?.focus();
  }
  if (part === 'bottom') takeQuestion();
  if (part === 'past') {
    showComments();
    // What is answered at once, as a request for a person is, is never seen under way.
    const asked = element.querySelectorAll('.question').length;
    if (asked > (desk.asked ?? 0)) desk.atEnd = true;
    desk.asked = asked;
  }
  if (part === 'present') {
    const running = element.querySelectorAll('.turn').length;
    if (running > (desk.running ?? 0) || element.querySelector('.failure')) desk.atEnd = true;
    desk.running = running;
    if (!running) sayWait();
  }
  if (part === 'passage') {
    cover(covers());
    element.querySelector('.passage')?.focus();
    toQuote();
  }
  const isTalk = part === 'present' || (part === 'past' && !element.querySelector('.welcome'));
  if (isTalk && desk.atEnd) requestAnimationFrame(toEnd);
});

if (part === 'passage') {
  window.addEventListener('resize', () => cover(covers()));
  document.addEventListener('keydown', (event) => {
    if (event.key === 'Escape' && element.querySelector('.passage')) close();
  });
}

if (part === 'top') {
  // Gradio's own words of a lost connection, in the page's.
  new MutationObserver(() => {
    for (const { firstChild: words } of document.querySelectorAll('[data-testid="toast-text"]'))
      if (words?.data?.startsWith('Connection to the server'))
        words.data = element.querySelector('.top')?.dataset.lost ?? words.data;
  }).observe(document.body, { childList: true, subtree: true });
  document.addEventListener('click', (event) => {
    const card = element.querySelector('details[open]');
    if (card && !card.contains(event.target)) card.open = false;
  });
}

// Puts what was being typed before a reload back into its box, once.
function takeQuestion() {
  if (desk.taken) return;
  desk.taken = true;
  question().dir = 'auto';
  if (!drafts.question || question().value) return;
  question().value = drafts.question;
  question().dispatchEvent(new Event('input', { bubbles: true }));
}

if (part === 'past') {
  // Enter sends nothing that ends the choice of an input method's signs, or comes while an answer is being written.
  const holdBack = (event) => {
    if (event.isComposing) return event.stopPropagation();
    if (!desk.running || event.target !== question() || event.key !== 'Enter' || event.shiftKey) return;
    event.preventDefault();
    event.stopPropagation();
    if (event.target.value.trim()) sayWait(document.querySelector('#bottom .wait').dataset.wait);
  };
  document.addEventListener('keypress', holdBack, true);
  document.addEventListener('beforeinput', (event) => {
    const { data, target } = event, count = data?.length ?? 0;
    const left = (target.value?.length ?? 0) - ((target.selectionEnd ?? 0) - (target.selectionStart ?? 0));
    if (!count || left + count <= MOST_PUT_IN) return;
    event.preventDefault();
    sayLong('notPutIn', count);
  }, true);
  document.addEventListener('input', ({ target }) => {
    const line = document.querySelector('#bottom .wait');
    if (target !== question() || !line) return;
    const count = [...target.value.trim()].length;
    if (count > Number(line.dataset.most)) return sayLong('tooLong', count);
    if (desk.isLong) sayWait();
    desk.isLong = false;
  });
  for (const leaving of ['pagehide', 'visibilitychange']) {
    window.addEventListener(leaving, () => {
      if (desk.taken) drafts.question = question().value;
      keep();
    });
  }
  // Back from another page, a browser may show what it put away then; what came meanwhile is drawn into it. Loaded anew, it
  // would lose what a browser keeps nowhere else, so that is done only where a later page began another conversation. A
  // server that is away is left alone: Gradio loads the page anew once it has missed it.
  window.addEventListener('pagehide', () => (desk.left = conversation()));
  window.addEventListener('pageshow', async ({ persisted }) => {
    if (!persisted || !(await isServed())) return;
    if (desk.left === conversation()) trigger('shown');
    else location.reload();
  });
  document.addEventListener('focusin', ({ target }) => {
    if (target.name !== 'comment') desk.caret = null;
    desk.commenting = target.name === 'comment' ? target.form.dataset.turn : '';
  });
  window.addEventListener('scroll', () => {
    const isNear = page.scrollHeight - page.scrollTop - page.clientHeight < 80;
    desk.atEnd = isNear || Math.abs(page.scrollTop - desk.shown) < 2; // nobody has scrolled away from it
  });
}

