import { byCodeUnit } from '../model/resourceName.ts'
import { deepestNesting, type Encode } from './encodeMessage.ts'
import { locate, type Problems, report, shown } from './problems.ts'
import { scalarOf } from './scalars.ts'
import {
  fixed64,
  varint,
  type Writer,
  writeDouble,
  writeHead,
  writeTag,
  writeTextField,
  writeVarint,
  written,
} from './writer.ts'

/** Writes any JSON object as google.protobuf.Struct, its keys sorted. */
export const encodeStruct: Encode = (writer, json, problems, depth) => {
  if (depth > deepestNesting) return report(problems, `nested deeper than ${deepestNesting} messages`)
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    return report(problems, `expected an object, got ${shown(json)}`)
  }
  const fields = json as Readonly<Record<string, unknown>>
  const names = Object.keys(fields)
  for (const name of names.length < 2 ? names : names.sort(byCodeUnit).reverse()) {
    const entry = written(writer)
    const before = problems.length
    encodeValue(writer, fields[name], problems, depth + 1)
    writeHead(writer, 2, entry)
    writeScalarText(writer, 1, name, problems)
    writeHead(writer, 1, entry)
    if (problems.length !== before) locate(problems, before, name)
  }
}

/** Writes a JSON list as google.protobuf.ListValue. */
export const encodeList: Encode = (writer, json, problems, depth) => {
  if (depth > deepestNesting) return report(problems, `nested deeper than ${deepestNesting} messages`)
  if (!Array.isArray(json)) return report(problems, `expected a list, got ${shown(json)}`)
  for (let i = json.length - 1; i >= 0; i -= 1) {
    const item = written(writer)
    const before = problems.length
    encodeValue(writer, json[i], problems, depth + 1)
    writeHead(writer, 1, item)
    if (problems.length !== before) locate(problems, before, i)
  }
}

/** Writes any JSON value as google.protobuf.Value. */
export const encodeValue: Encode = (writer, json, problems, depth) => {
  if (json === null) {
    writeVarint(writer, 0)
    writeTag(writer, 1, varint)
  } else if (typeof json === 'number' && Number.isFinite(json)) {
    writeDouble(writer, json)
    writeTag(writer, 2, fixed64)
  } else if (typeof json === 'string') writeScalarText(writer, 3, json, problems)
  else if (typeof json === 'boolean') {
    writeVarint(writer, json ? 1 : 0)
    writeTag(writer, 4, varint)
  } else if (typeof json === 'object') {
    const before = written(writer)
    const isList = Array.isArray(json)
    const content = isList ? encodeList : encodeStruct
    content(writer, json, problems, depth + 1)
    writeHead(writer, isList ? 6 : 5, before)
  } else report(problems, `expected a JSON value, got ${shown(json)}`)
}

const writeScalarText = (writer: Writer, number: number, json: string, problems: Problems): void => {
  const text = scalarOf('string').parse(json, problems)
  if (typeof text === 'string') writeTextField(writer, number, text)
}
