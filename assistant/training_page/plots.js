// Curves over steps as SVG: {title, unit, axis, format, steps, curves: [{label, points: [[x, y], …]}]} -> <figure>
// `fromZero` is for what should not look lively when it hardly moves: speed, memory.

const NAMESPACE = "http://www.w3.org/2000/svg";
const WIDTH = 480, HEIGHT = 210, LEFT = 56, RIGHT = 10, TOP = 10, BOTTOM = 24;
const SHOWN_POINTS = 600; // more than the pixels of a curve; the rest is averaged

function draw(kind, attributes, text = "") {
  const element = document.createElementNS(NAMESPACE, kind);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  if (text) element.textContent = text;
  return element;
}

// Values of a scale that people like to read, at most about five of them.
export function ticks(low, high) {
  const rough = (high - low) / 4 || 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((size) => size >= rough * 0.999);
  const first = Math.ceil(low / step - 1e-9), last = Math.floor(high / step + 1e-9);
  return Array.from({ length: Math.max(last - first + 1, 0) }, (_, place) => (first + place) * step);
}

// Means of neighbours, so that a long run stays quick to draw.
export function thinned(points, limit = SHOWN_POINTS) {
  const size = Math.ceil(points.length / limit);
  if (size <= 1) return points;
  const mean = (part, axis) => part.reduce((sum, point) => sum + point[axis], 0) / part.length;
  return Array.from({ length: Math.ceil(points.length / size) }, (_, place) => {
    const part = points.slice(place * size, (place + 1) * size);
    return [mean(part, 0), mean(part, 1)];
  });
}

function range(values, fromZero) {
  const low = fromZero ? 0 : Math.min(...values), high = Math.max(...values);
  const room = (high - low) * 0.06 || Math.abs(high) * 0.1 || 1;
  return [low >= 0 ? Math.max(0, low - room) : low - room, high + room];
}

export function plot({ title, unit = "", axis, format, curves, steps, fromZero = false }) {
  const figure = document.createElement("figure");
  const caption = document.createElement("figcaption");
  const heading = document.createElement("h3");
  heading.textContent = title;
  caption.append(heading);
  if (unit) {
    const small = document.createElement("small");
    small.textContent = unit;
    caption.append(small);
  }
  figure.append(caption);
  const shown = curves.map((curve) => ({ ...curve, points: thinned(curve.points) })).filter((curve) => curve.points.length);
  const svg = draw("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": title });
  const points = shown.flatMap((curve) => curve.points);
  const [low, high] = range(points.map((point) => point[1]), fromZero);
  const across = (x) => LEFT + ((x - 1) / Math.max(steps - 1, 1)) * (WIDTH - LEFT - RIGHT);
  const up = (y) => HEIGHT - BOTTOM - ((y - low) / (high - low)) * (HEIGHT - TOP - BOTTOM);
  for (const value of ticks(low, high)) {
    svg.append(draw("line", { class: "grid", x1: LEFT, x2: WIDTH - RIGHT, y1: up(value), y2: up(value) }));
    svg.append(draw("text", { x: LEFT - 6, y: up(value) + 4, "text-anchor": "end" }, format(value)));
  }
  svg.append(draw("text", { x: LEFT - 16, y: HEIGHT - 6, "text-anchor": "end" }, axis));
  for (const value of ticks(1, Math.max(steps, 2)).filter((step) => Number.isInteger(step))) {
    svg.append(draw("text", { x: across(value), y: HEIGHT - 6, "text-anchor": value === steps ? "end" : "middle" }, String(value)));
  }
  shown.forEach((curve) => {
    const kind = curve.second ? " second" : "";
    if (shown.length > 1) {
      const label = document.createElement("span");
      label.className = kind.trim();
      label.textContent = curve.label;
      caption.append(label);
    }
    const path = curve.points.map(([x, y], place) => `${place ? "L" : "M"}${across(x).toFixed(1)} ${up(y).toFixed(1)}`);
    svg.append(draw("path", { class: `curve${kind}`, d: path.join("") }));
    const dots = curve.second || curve.points.length === 1 ? curve.points : curve.points.slice(-1);
    for (const [x, y] of dots) svg.append(draw("circle", { class: `dot${kind}`, cx: across(x), cy: up(y), r: 3 }));
  });
  figure.append(svg);
  return figure;
}
