/** Read with the published TensorFlow.js, on its default backend or the one in ?backend=. */
import { pad } from "./pad.js";

const { tf } = globalThis; // from a <script> of the page

async function load() {
  const backend = new URLSearchParams(location.search).get("backend");
  if (backend) await tf.setBackend(backend);
  const model = await tf.loadGraphModel("convnet/model.json");
  return async (pixels, count) => {
    const output = tf.tidy(() => model.predict(tf.tensor(pixels, [count, 28, 28, 1])));
    pad.dataset.backend = tf.getBackend();
    const probabilities = await output.data();
    output.dispose();
    return probabilities;
  };
}

pad.use(load());
