/** React: controlled pads, one with `onInput`, one with `onChange`. */
import "digitpad";
import { StrictMode, useState } from "react";
import { createRoot } from "react-dom/client";

function App() {
  const [code, setCode] = useState("");
  const [total, setTotal] = useState("");
  const [renders, setRenders] = useState(0);
  globalThis.app = {
    assign: (values) => (setCode(values.code), setTotal(values.total)),
    render: () => setRenders(renders + 1),
  };
  return (
    <form>
      <digit-pad name="code" value={code} onInput={(event) => setCode(event.currentTarget.value)} />
      <digit-pad name="total" value={total} onChange={(event) => setTotal(event.currentTarget.value)} />
      <output>{JSON.stringify({ code, total, renders })}</output>
    </form>
  );
}

createRoot(document.querySelector("main")).render(<StrictMode><App /></StrictMode>);
