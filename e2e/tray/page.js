/** A hand holds a card at least this long (milliseconds). */
const shortestHold = 350;
const place = document.getElementById('cards');
const post = (path) => fetch(path, { method: 'POST' });
let resting = null;

const lift = async (button) => {
  await post('lift');
  button.setAttribute('aria-pressed', 'false');
  resting = null;
};

for (const card of await (await fetch('cards')).json()) {
  const button = document.createElement('button');
  button.type = 'button';
  button.setAttribute('aria-pressed', 'false');
  const name = document.createElement('strong');
  name.textContent = card.name;
  const about = document.createElement('small');
  about.textContent = card.about;
  button.append(name, about);
  let heldAt = 0;
  const hold = async () => {
    if (resting !== null) resting.setAttribute('aria-pressed', 'false');
    resting = button;
    heldAt = performance.now();
    button.setAttribute('aria-pressed', 'true');
    await post(`hold/${card.id}`);
  };
  const release = (stays) => {
    if (stays || resting !== button) return;
    setTimeout(() => void lift(button), Math.max(0, shortestHold - (performance.now() - heldAt)));
  };
  button.addEventListener('pointerdown', (event) => {
    button.setPointerCapture(event.pointerId);
    void hold();
  });
  button.addEventListener('pointerup', (event) => release(event.shiftKey));
  button.addEventListener('keydown', (event) => {
    if (!event.repeat && (event.key === 'Enter' || event.key === ' ')) void hold();
  });
  button.addEventListener('keyup', (event) => release(event.shiftKey));
  place.append(button);
}
