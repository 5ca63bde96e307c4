// Builds the product page out of its data: nothing of it is in the page's own bytes.
fetch("/api/specs.json")
  .then(function (answer) { return answer.json(); })
  .then(function (product) {
    var place = document.getElementById("specs");
    place.textContent = "";
    product.sections.forEach(function (section) {
      var heading = document.createElement("h2");
      heading.textContent = section.heading;
      heading.lang = section.lang;
      place.appendChild(heading);
      section.paragraphs.forEach(function (text) {
        var paragraph = document.createElement("p");
        paragraph.textContent = text;
        paragraph.lang = section.lang;
        place.appendChild(paragraph);
      });
    });
  });
