// Keeps a page of the console fresh. Every action works without it.
(function () {
  "use strict";
  var parts = function () { return Array.from(document.querySelectorAll("[data-live]")); };
  if (!parts().length || !window.EventSource) return;

  // Somebody is typing or has chosen something here: nothing is taken from under their hands.
  var isTouched = function (part) {
    if (part.querySelector("details[open]")) return true;
    var fields = Array.from(part.querySelectorAll("input, textarea, select"));
    return fields.some(function (field) {
      if (field.type === "hidden") return false;
      if (field === document.activeElement) return true;
      // Words that the server has put back, after an error or from a template, are typed words, too.
      if (field.tagName === "TEXTAREA" && field.value) return true;
      if (field.type === "checkbox" || field.type === "radio") return field.checked !== field.defaultChecked;
      if (field.options) {
        var at = Array.from(field.options).findIndex(function (one) { return one.defaultSelected; });
        return field.selectedIndex !== Math.max(at, 0);
      }
      return field.defaultValue !== undefined && field.value !== field.defaultValue;
    });
  };

  var refresh = function (id) {
    parts().forEach(function (part) {
      var own = part.dataset.live;
      if (id && own !== "all" && own !== String(id)) return;
      // What a search has gone on to is not thrown away: it is said that there is something new.
      if (window.htmx && !isTouched(part) && part.dataset.kept === undefined) {
        part.dispatchEvent(new Event("live"));
        return;
      }
      var fresh = document.querySelector(".fresh");
      if (fresh) fresh.hidden = false;
    });
  };

  // Many changes at once are one look.
  var waiting = null;
  var soon = function (id) {
    if (waiting !== null) {
      if (waiting.id !== id) waiting.id = 0;
      return;
    }
    waiting = { id: id };
    setTimeout(function () {
      var wanted = waiting.id;
      waiting = null;
      refresh(wanted);
    }, 400);
  };

  var source = new EventSource("/console/events");
  var before = false;
  source.onopen = function () {
    // What happened while there was no connection.
    if (before) soon(0);
    before = true;
  };
  source.onmessage = function (message) {
    try {
      soon(JSON.parse(message.data).case);
    } catch (error) {
      soon(0);
    }
  };
  window.addEventListener("pagehide", function () { source.close(); });
})();
