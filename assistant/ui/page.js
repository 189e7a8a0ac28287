// Runs once for each part of the page (top, past, present, passage, ...).
// A part's HTML says what a click means: data-action="cite" data-turn="3" data-number="1".
// Events that go to Gradio: 'example' 'person' 'decide' 'cite' 'rate' 'comment' 'skip' 'language' 'anew'
const part = element.closest('#top, #past, #present, #bottom, #passage').id;
const page = document.scrollingElement;
const desk = (window.frontdesk ??= { atEnd: true, opener: null });
const unfolded = new Set();

const toEnd = () => page.scrollTo({ top: page.scrollHeight });

const toQuote = () =>
  element.querySelector('.highlight, mark')?.scrollIntoView({ block: 'center', inline: 'start' });

const close = () => {
  props.value = '';
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
  if (action === 'cite') desk.opener = target;
  // A second click must not answer the next thing that is asked.
  if (action === 'decide') target.parentElement.querySelectorAll('button').forEach((node) => (node.disabled = true));
  trigger(action, data);
});

element.addEventListener('submit', (event) => {
  event.preventDefault();
  const { turn } = event.target.dataset;
  trigger('comment', { turn, comment: new FormData(event.target).get('comment') });
});

// Drawing a part again must not fold what the reader has unfolded. `toggle` does not bubble, so it is caught on the way.
element.addEventListener(
  'toggle',
  ({ target }) => unfolded[target.open ? 'add' : 'delete'](target.dataset.key),
  true,
);

watch('value', () => {
  element.querySelectorAll('details[data-key]').forEach((node) => {
    node.open = unfolded.has(node.dataset.key);
  });
  if (part === 'top') document.documentElement.lang = element.querySelector('[lang]').lang;
  if (part === 'bottom' && matchMedia('(pointer: fine)').matches) {
    // The first labels are here. On a phone the focus would raise the keyboard over half the page.
    document.querySelector('#question textarea')?.focus();
  }
  if (part === 'past') element.querySelector('form textarea')?.focus();
  if (part === 'present') {
    const running = element.querySelectorAll('.turn').length;
    if (running > (desk.running ?? 0)) desk.atEnd = true;
    desk.running = running;
  }
  if (part === 'passage') {
    element.querySelector('.passage')?.focus();
    toQuote();
  }
  if ((part === 'past' || part === 'present') && desk.atEnd) requestAnimationFrame(toEnd);
});

if (part === 'passage') {
  document.addEventListener('keydown', (event) => {
    if (event.key === 'Escape' && element.querySelector('.passage')) close();
  });
}

if (part === 'top') {
  document.addEventListener('click', (event) => {
    const card = element.querySelector('details[open]');
    if (card && !card.contains(event.target)) card.open = false;
  });
}

if (part === 'past') {
  window.addEventListener('scroll', () => {
    desk.atEnd = page.scrollHeight - page.scrollTop - page.clientHeight < 80;
  });
}

