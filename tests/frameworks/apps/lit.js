/** Lit: pads with `.value`, one with `@input`, one with `@change`. */
import "digitpad";
import { LitElement, html } from "lit";

class App extends LitElement {
  static properties = { code: {}, total: {}, renders: {} };

  constructor() {
    super();
    Object.assign(this, { code: "", total: "", renders: 0 });
    globalThis.app = { assign: (values) => Object.assign(this, values), render: () => this.renders++ };
  }

  createRenderRoot() {
    return this; // for the tests' locators; a shadow root holds the form and the pads as well
  }

  render() {
    const { code, total, renders } = this;
    return html`<form>
      <digit-pad name="code" .value=${code} @input=${(event) => (this.code = event.target.value)}></digit-pad>
      <digit-pad name="total" .value=${total} @change=${(event) => (this.total = event.target.value)}></digit-pad>
      <output>${JSON.stringify({ code, total, renders })}</output>
    </form>`;
  }
}

customElements.define("bound-app", App);
document.querySelector("main").append(document.createElement("bound-app"));
