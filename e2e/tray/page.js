/** A hand holds a card at least this long (milliseconds). */
const shortestHold = 350;
const find = (id) => document.getElementById(id);
const buttons = new Map();
/** The button that a hand presses at this moment. */
let pressed = null;
let pressedAt = 0;
let present = null;

const post = async (path) => {
  const answer = await fetch(path, { method: 'POST' }).catch(() => null);
  find('problem').textContent = answer?.ok ? '' : 'リーダーに届きません · The reader cannot be reached';
};

const press = (card) => {
  if (pressed !== null) return;
  pressed = card.id;
  pressedAt = performance.now();
  void post(present === card.id && find('stays').checked ? 'lift' : `hold/${card.id}`);
};

const release = () => {
  if (pressed === null) return;
  const id = pressed;
  pressed = null;
  if (find('stays').checked) return;
  const left = Math.max(0, shortestHold - (performance.now() - pressedAt));
  setTimeout(() => {
    if (pressed === null || pressed === id) void post('lift');
  }, left);
};

const show = (card) => {
  present = card;
  const name = buttons.get(card)?.querySelector('strong')?.textContent;
  find('present').textContent = name === undefined ? '何ものっていません · empty' : `${name} がのっています`;
  find('reader').toggleAttribute('data-card', card !== null);
  for (const [id, button] of buttons) button.setAttribute('aria-pressed', String(id === card));
};

const add = (card, index) => {
  const button = document.createElement('button');
  button.type = 'button';
  button.dataset.look = card.look;
  const part = (tag, text) => {
    const made = document.createElement(tag);
    made.textContent = text;
    button.append(made);
  };
  part('strong', card.name);
  part('small', card.about);
  part('kbd', String(index + 1));
  button.addEventListener('pointerdown', (event) => {
    if (event.button !== 0) return;
    button.setPointerCapture(event.pointerId);
    press(card);
  });
  for (const end of ['pointerup', 'pointercancel', 'lostpointercapture']) button.addEventListener(end, release);
  button.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' && event.key !== ' ') return;
    event.preventDefault();
    if (!event.repeat) press(card);
  });
  buttons.set(card.id, button);
  find('cards').append(button);
};

const cards = await (await fetch('cards')).json();
cards.forEach(add);
addEventListener('keydown', (event) => {
  const card = cards[Number(event.key) - 1];
  if (card === undefined || event.repeat || event.ctrlKey || event.altKey || event.metaKey) return;
  buttons.get(card.id).focus();
  press(card);
});
addEventListener('keyup', release);
addEventListener('blur', release);
find('stays').addEventListener('change', () => {
  if (!find('stays').checked && present !== null) void post('lift');
});
show(null);
new EventSource('events').onmessage = ({ data }) => show(JSON.parse(data).card);
