// Drives the emulator through the official Node SDK; prints "ok" at its end, or fails.
// Arguments: endpoint, access key id, access key secret, instance.
'use strict';

const assert = require('assert');
const TableStore = require('tablestore');

const [endpoint, accessKeyId, secretAccessKey, instancename] = process.argv.slice(2);
const client = new TableStore.Client({
  accessKeyId, secretAccessKey, endpoint, instancename, maxRetries: 0,
});
const { Long, INF_MIN, INF_MAX, RowExistenceExpectation: Expect } = TableStore;

function call(api, parameters) {
  return new Promise((resolve, reject) => {
    client[api](parameters, (error, data) => (error ? reject(error) : resolve(data)));
  });
}

async function refused(api, parameters, status, code) {
  await assert.rejects(call(api, parameters), (error) => {
    assert.strictEqual(error.code, status);
    assert.ok(String(error.message).includes(code), error.message);
    return true;
  });
}

const key = (id) => [{ id }, { n: Long.fromNumber(1) }];
const condition = (expect, columnCondition = null) =>
  new TableStore.Condition(expect, columnCondition);
const equals = (name, value) => new TableStore.SingleColumnCondition(
  name, value, TableStore.ComparatorType.EQUAL, false);
const columns = (row) => Object.fromEntries(
  row.attributes.map(({ columnName, columnValue }) => [columnName, String(columnValue)]));

async function tables() {
  await call('createTable', {
    tableMeta: {
      tableName: 'orders',
      primaryKey: [
        { name: 'id', type: TableStore.PrimaryKeyType.STRING },
        { name: 'n', type: TableStore.PrimaryKeyType.INTEGER },
      ],
      definedColumn: [{ name: 'state', type: TableStore.DefinedColumnType.DCT_STRING }],
    },
    reservedThroughput: { capacityUnit: { read: 0, write: 0 } },
    tableOptions: { timeToLive: -1, maxVersions: 1 },
    streamSpecification: { enableStream: false },
    indexMetas: [{ name: 'by_state', primaryKey: ['state'], definedColumn: [] }],
  });
  const { tableNames } = await call('listTable', {});
  assert.deepStrictEqual(Array.from(tableNames), ['orders']);
}

async function rows() {
  const put = {
    tableName: 'orders',
    condition: condition(Expect.EXPECT_NOT_EXIST),
    primaryKey: key('1'),
    attributeColumns: [
      { state: 'NEW' }, { text: '通宝' }, { ver: Long.fromNumber(1) }, { d: 1.5 }, { b: true },
      { raw: Buffer.from([0, 255]) },
    ],
  };
  await call('putRow', put);
  await refused('putRow', put, 403, 'OTSConditionCheckFail');
  const { row } = await call('getRow', { tableName: 'orders', primaryKey: key('1') });
  const read = columns(row);
  assert.strictEqual(read.text, '通宝');
  assert.strictEqual(read.ver, '1');
  assert.strictEqual(read.d, '1.5');
  assert.strictEqual(read.b, 'true');
  const raw = row.attributes.find((one) => one.columnName === 'raw').columnValue;
  assert.deepStrictEqual(Array.from(raw), [0, 255]);
  await refused('getRow', { tableName: 'missing', primaryKey: key('1') }, 400, 'not exist');
}

async function updates() {
  const update = {
    tableName: 'orders',
    condition: condition(Expect.EXPECT_EXIST, equals('ver', Long.fromNumber(1))),
    primaryKey: key('1'),
    updateOfAttributeColumns: [
      { PUT: [{ ver: Long.fromNumber(2) }, { state: 'PAID' }] },
      { DELETE_ALL: ['d'] },
      { INCREMENT: [{ count: Long.fromNumber(5) }] },
    ],
    returnContent: { returnType: TableStore.ReturnType.AfterModify, returnColumns: ['count'] },
  };
  const { row } = await call('updateRow', update);
  assert.deepStrictEqual(columns(row), { count: '5' });
  await refused('updateRow', update, 403, 'OTSConditionCheckFail');
}

async function ranges() {
  const { rows: found } = await call('getRange', {
    tableName: 'by_state',
    direction: TableStore.Direction.FORWARD,
    inclusiveStartPrimaryKey: [{ state: 'PAID' }, { id: INF_MIN }, { n: INF_MIN }],
    exclusiveEndPrimaryKey: [{ state: 'PAID' }, { id: INF_MAX }, { n: INF_MAX }],
    limit: 10,
  });
  assert.strictEqual(found.length, 1);
  assert.deepStrictEqual(found[0].primaryKey.map(({ value }) => String(value)), ['PAID', '1', '1']);
}

async function batches() {
  const item = (id, expect) => ({
    type: 'PUT',
    condition: condition(expect),
    primaryKey: key(id),
    attributeColumns: [{ state: 'NEW' }],
  });
  const written = await call('batchWriteRow', {
    tables: [{
      tableName: 'orders',
      rows: [item('1', Expect.EXPECT_NOT_EXIST), item('2', Expect.EXPECT_NOT_EXIST)],
    }],
  });
  assert.deepStrictEqual(written.tables.map((one) => one.isOk), [false, true]);
  assert.strictEqual(written.tables[0].errorCode, 'OTSConditionCheckFail');
  const read = await call('batchGetRow', {
    tables: [{ tableName: 'orders', primaryKey: [key('1'), key('2'), key('3')] }],
  });
  assert.deepStrictEqual(
    read.tables[0].map((one) => (one.attributes || []).length > 0), [true, true, false]);
}

async function transactions() {
  const { transactionId } = await call('startLocalTransaction', {
    tableName: 'orders', primaryKey: [{ id: '1' }],
  });
  const removal = {
    tableName: 'orders', condition: condition(Expect.IGNORE), primaryKey: key('1'),
  };
  await refused('deleteRow', removal, 409, 'OTSRowOperationConflict');
  await call('deleteRow', { ...removal, transactionId });
  await call('commitTransaction', { transactionId });
  const { row } = await call('getRow', { tableName: 'orders', primaryKey: key('1') });
  assert.deepStrictEqual(row, {});
}

(async () => {
  for (const step of [tables, rows, updates, ranges, batches, transactions]) {
    await step();
  }
  console.log('ok');
})().catch((error) => {
  console.error(error);
  process.exit(1);
});
