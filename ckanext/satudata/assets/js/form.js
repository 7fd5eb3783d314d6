/* The dataset form: shows what an answer makes applicable, and saves while somebody types.
 * Without this script everything works by the buttons. */
(function () {
  'use strict';
  var form = document.querySelector('[data-sd-form]');
  if (!form) { return; }

  function values(name) {
    return Array.prototype.filter.call(form.querySelectorAll('[name="' + name + '"]'), function (one) {
      return (one.type !== 'checkbox' && one.type !== 'radio') || one.checked;
    }).map(function (one) { return one.value; });
  }

  /* A field whose question stands on another part keeps the state it was sent with. */
  function applies(frame) {
    var when = JSON.parse(frame.getAttribute('data-sd-when'));
    return Object.keys(when).every(function (name) {
      if (!form.querySelector('[name="' + name + '"]')) { return !frame.hidden; }
      return values(name).some(function (one) { return when[name].indexOf(one) !== -1; });
    });
  }

  function show() {
    form.querySelectorAll('[data-sd-when]').forEach(function (frame) { frame.hidden = !applies(frame); });
    form.querySelectorAll('[data-sd-block]').forEach(function (block) {
      block.hidden = !block.querySelector('.sd-field:not([hidden])');
    });
  }

  var status = document.querySelector('[data-sd-saved]');
  var waiting = null;
  var dirty = false;
  function say(text) { if (status) { status.textContent = text; } }

  function marked(errors) {
    form.querySelectorAll('.sd-err--auto').forEach(function (one) { one.remove(); });
    Object.keys(errors).forEach(function (name) {
      var field = form.querySelector('#field-' + name);
      if (!field) { return; }
      var text = document.createElement('p');
      text.className = 'sd-err sd-err--auto';
      text.textContent = errors[name];
      field.insertAdjacentElement('afterend', text);
    });
  }

  function save() {
    waiting = null;
    if (!dirty) { return; }
    dirty = false;
    var data = new FormData(form);
    data.set('save', 'auto');
    fetch(window.location.href, { method: 'POST', body: data, credentials: 'same-origin', redirect: 'error' })
      .then(function (answer) {
        if (!answer.ok) { throw new Error(String(answer.status)); }
        return answer.json();
      })
      .then(function (found) {
        marked(found.errors);
        if (!Object.keys(found.errors).length) { form.querySelector('[name=_seen]').value = found.seen; }
        say(found.text);
        var bar = document.querySelector('[data-sd-bar]');
        if (bar && found.total) { bar.style.width = Math.floor(100 * found.filled / found.total) + '%'; }
        var count = document.querySelector('[data-sd-count]');
        if (count) { count.textContent = found.count; }
      })
      .catch(function () {
        dirty = true;
        say(form.getAttribute('data-offline'));
        later(15000);
      });
  }

  function later(wait) {
    if (waiting) { window.clearTimeout(waiting); }
    waiting = window.setTimeout(save, wait);
  }

  form.addEventListener('input', function () { dirty = true; });
  form.addEventListener('change', function () { show(); dirty = true; later(1500); });
  form.addEventListener('submit', function () { dirty = false; if (waiting) { window.clearTimeout(waiting); } });
  show();
}());
