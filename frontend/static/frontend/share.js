// The secret is behind the '#', which a browser keeps to itself until it is posted here.
document.getElementById("secret").value = window.location.hash.slice(1);
window.history.replaceState(null, "", window.location.pathname);
