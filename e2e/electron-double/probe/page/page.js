/** Follows the counting topic and keeps what came. */
window.taken = [];
window.shadowcat.subscribe(
  'status',
  {},
  (seq, { count }) => window.taken.push({ seq, count }),
  () => {},
);
document.body.dataset.ready = 'yes';
