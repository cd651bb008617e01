// Reads pairs of a schema and settings, and says of each what Ajv says: null if the settings fit, its
// text if they do not, or `refused` with the reason if it does not take the schema.
'use strict';

const Ajv = require('ajv');
const fs = require('fs');

const said = JSON.parse(fs.readFileSync(0, 'utf8')).map(({ schema, settings }) => {
  const ajv = new Ajv({ logger: false });
  let validate;
  try {
    validate = ajv.compile(schema);
  } catch (error) {
    return { refused: error.message };
  }
  const fits = validate(settings);
  return { text: fits ? null : ajv.errorsText(validate.errors, { dataVar: 'data' }) };
});
process.stdout.write(JSON.stringify(said));
