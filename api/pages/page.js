// Nothing depends on this: it says when there is news, and keeps a form from being sent twice.
(function () {
  "use strict";
  var news = document.getElementById("news");
  var said = document.getElementById("said");
  if (said) said.focus();
  document.addEventListener("submit", function (event) {
    if (event.target.dataset.sent) event.preventDefault();
    event.target.dataset.sent = "yes";
  });
  window.addEventListener("pageshow", function () {
    Array.prototype.forEach.call(document.forms, function (form) { delete form.dataset.sent; });
  });
  if (!news || !window.fetch) return;
  var looked = Date.now();
  function look() {
    if (document.hidden || Date.now() - looked < 30000) return;
    looked = Date.now();
    fetch("/v1/orders/" + news.dataset.order, { credentials: "same-origin" }).then(function (answer) {
      var etag = answer.headers.get("ETag");
      if (answer.ok && etag && etag !== '"' + news.dataset.seq + '"') news.firstElementChild.hidden = false;
    }, function () {});
  }
  document.addEventListener("visibilitychange", look);
  setInterval(look, 60000);
})();
