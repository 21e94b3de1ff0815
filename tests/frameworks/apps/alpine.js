/** Alpine: pads with `x-model`, one of them `lazy`. */
import "digitpad";
import Alpine from "alpinejs";

document.querySelector("main").innerHTML = `
  <form x-data="{ code: '', total: '', renders: 0 }" x-init="globalThis.app = {
    assign: (values) => { code = values.code; total = values.total; },
    render: () => renders++,
  }">
    <digit-pad x-model="code" name="code" :data-renders="renders"></digit-pad>
    <digit-pad x-model.lazy="total" name="total" :data-renders="renders"></digit-pad>
    <output x-text="JSON.stringify({ code, total, renders })"></output>
  </form>`;
Alpine.start();
