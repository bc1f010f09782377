// A Plotly chart that is drawn on in place: new data neither flash nor reset zoom and pan, which
// belong to the figure's `uirevision`.

const asked = new Map();

function plotly(address) {
  if (!asked.has(address)) {
    asked.set(address, new Promise((done, failed) => {
      const script = document.createElement("script");
      script.src = address;
      script.onload = () => done(window.Plotly);
      script.onerror = () => { asked.delete(address); failed(new Error(`No ${address}`)); };
      document.head.append(script);
    }));
  }
  return asked.get(address);
}

function themed(layout, element) {
  const style = getComputedStyle(element);
  const theme = name => style.getPropertyValue(`--st-${name}`).trim();
  const lines = { gridcolor: theme("border-color"), zerolinecolor: theme("border-color") };
  return {
    ...layout,
    font: { family: theme("font"), size: 12, color: theme("text-color") },
    colorway: [theme("primary-color"), "#f59e0b"],
    xaxis: { ...layout.xaxis, ...lines, showgrid: false },
    yaxis: { ...layout.yaxis, ...lines },
  };
}

export default function ({ data, parentElement }) {
  const element = parentElement.querySelector(".chart");
  element.latest = data;
  element.style.height = `${data.height}px`;
  element.setAttribute("aria-label", data.words);
  plotly(data.plotly).then(library => {
    // a later call may have been quicker; what is gone is not drawn on
    if (element.latest !== data || !element.isConnected) return;
    const options = { displayModeBar: false, responsive: true };
    library.react(element, data.figure.data, themed(data.figure.layout, element), options);
  });
  return () => setTimeout(() => { if (!element.isConnected) window.Plotly?.purge(element); });
}
