// Turns the pages of a lobby screen; without script the page does it by itself.
const next = document.body.dataset.next;
if (next) setTimeout(() => location.replace(next), Number(document.body.dataset.seconds) * 1000);
