// Writes the part of Envoy's protobuf schema that src/wire needs, as src/wire/schemaText.ts, and the
// descriptors behind it for the tests. imports.go (written by generate.mjs) links the v3 packages in.
package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"sort"
	"strings"

	validate "github.com/envoyproxy/protoc-gen-validate/validate"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
	_ "google.golang.org/protobuf/types/known/fieldmaskpb"
)

// Every message of these packages is a root: an Any may hold it. What they reach comes along.
var roots = regexp.MustCompile(`^(envoy\.(config|extensions|type|watchdog)\..*v3$|envoy\.service\.discovery\.v3$|xds\.type\.|xds\.core\.v3$|udpa\.type\.)`)
var known = []string{"Any", "BoolValue", "BytesValue", "DoubleValue", "Duration", "Empty", "FieldMask", "FloatValue",
	"Int32Value", "Int64Value", "ListValue", "StringValue", "Struct", "Timestamp", "UInt32Value", "UInt64Value", "Value"}

type schema struct {
	messages map[protoreflect.FullName]protoreflect.MessageDescriptor
	enums    map[protoreflect.FullName]protoreflect.EnumDescriptor
	files    map[string]protoreflect.FileDescriptor
}

func main() {
	s := schema{map[protoreflect.FullName]protoreflect.MessageDescriptor{}, map[protoreflect.FullName]protoreflect.EnumDescriptor{}, map[string]protoreflect.FileDescriptor{}}
	protoregistry.GlobalFiles.RangeFiles(func(f protoreflect.FileDescriptor) bool {
		if roots.MatchString(string(f.Package())) {
			s.reachAll(f.Messages())
		}
		return true
	})
	for _, name := range known {
		d, err := protoregistry.GlobalFiles.FindDescriptorByName(protoreflect.FullName("google.protobuf." + name))
		check(err)
		s.reach(d.(protoreflect.MessageDescriptor))
	}
	text := s.text()
	check(os.WriteFile(os.Args[1], []byte(module(text)), 0o644))
	check(os.WriteFile(os.Args[2], s.descriptors(), 0o644))
	fmt.Fprintf(os.Stderr, "%d messages, %d enums, %d bytes of text\n", len(s.messages), len(s.enums), len(text))
}

func (s schema) reachAll(list protoreflect.MessageDescriptors) {
	for i := 0; i < list.Len(); i++ {
		s.reach(list.Get(i))
		s.reachAll(list.Get(i).Messages())
	}
}

func (s schema) reach(m protoreflect.MessageDescriptor) {
	if _, seen := s.messages[m.FullName()]; seen || m.IsMapEntry() {
		return
	}
	s.messages[m.FullName()] = m
	s.file(m.ParentFile())
	for i := 0; i < m.Fields().Len(); i++ {
		f := m.Fields().Get(i)
		if f.IsMap() {
			f = f.MapValue()
		}
		if f.Message() != nil {
			s.reach(f.Message())
		}
		if e := f.Enum(); e != nil {
			s.enums[e.FullName()] = e
			s.file(e.ParentFile())
		}
	}
}

func (s schema) file(f protoreflect.FileDescriptor) {
	if _, seen := s.files[f.Path()]; seen {
		return
	}
	s.files[f.Path()] = f
	for i := 0; i < f.Imports().Len(); i++ {
		s.file(f.Imports().Get(i).FileDescriptor)
	}
}

// One line per message and enum: its name, a space, JSON.
func (s schema) text() string {
	lines := []string{}
	for name, m := range s.messages {
		lines = append(lines, string(name)+" "+compact(message(m)))
	}
	for name, e := range s.enums {
		values := [][]any{}
		for i := 0; i < e.Values().Len(); i++ {
			values = append(values, []any{string(e.Values().Get(i).Name()), e.Values().Get(i).Number()})
		}
		lines = append(lines, string(name)+" "+compact(map[string]any{"values": values}))
	}
	sort.Strings(lines)
	return strings.Join(lines, "\n")
}

func message(m protoreflect.MessageDescriptor) map[string]any {
	out := map[string]any{}
	fields := [][]any{}
	for i := 0; i < m.Fields().Len(); i++ {
		fields = append(fields, field(m.Fields().Get(i)))
	}
	sort.Slice(fields, func(i, j int) bool {
		return fields[i][0].(protoreflect.FieldNumber) < fields[j][0].(protoreflect.FieldNumber)
	})
	out["fields"] = fields
	required := []string{}
	for i := 0; i < m.Oneofs().Len(); i++ {
		o := m.Oneofs().Get(i)
		if yes, _ := proto.GetExtension(o.Options(), validate.E_Required).(bool); yes {
			required = append(required, string(o.Name()))
		}
	}
	if len(required) > 0 {
		out["required"] = required
	}
	disabled, _ := proto.GetExtension(m.Options(), validate.E_Disabled).(bool)
	ignored, _ := proto.GetExtension(m.Options(), validate.E_Ignored).(bool)
	if disabled || ignored {
		out["unchecked"] = true
	}
	return out
}

var camel = regexp.MustCompile(`_+([a-z0-9]?)`)

// [number, name, type, oneof or "", rules], the tail left out where it is empty. A type is a scalar or a name (a dot in
// front stands for the message's own package), after "[]" for repeated, "{key}" for maps, "?" for scalars with presence.
func field(f protoreflect.FieldDescriptor) []any {
	t := ""
	oneof := ""
	value := f
	switch {
	case f.IsMap():
		t = "{" + f.MapKey().Kind().String() + "}"
		value = f.MapValue()
	case f.IsList():
		t = "[]"
		if f.Message() == nil && f.Kind() != protoreflect.StringKind && f.Kind() != protoreflect.BytesKind && !f.IsPacked() {
			panic("not packed: " + f.FullName())
		}
	case f.ContainingOneof() != nil && !f.ContainingOneof().IsSynthetic():
		oneof = string(f.ContainingOneof().Name())
	case f.HasPresence() && f.Message() == nil:
		t = "?"
	}
	if f.Kind() == protoreflect.GroupKind || f.Cardinality() == protoreflect.Required {
		panic("proto2 group or required field " + f.FullName())
	}
	var named protoreflect.FullName
	var parent protoreflect.FullName
	if value.Message() != nil {
		named, parent = value.Message().FullName(), value.Message().ParentFile().Package()
	} else if value.Enum() != nil {
		named, parent = value.Enum().FullName(), value.Enum().ParentFile().Package()
	} else {
		named = protoreflect.FullName(value.Kind().String())
	}
	if own := f.ParentFile().Package(); parent == own {
		named = named[len(own):]
	}
	name := string(f.Name())
	if expected := camel.ReplaceAllStringFunc(name, func(m string) string {
		return strings.ToUpper(strings.TrimLeft(m, "_"))
	}); f.JSONName() != expected {
		panic("json name " + f.JSONName() + " of " + string(f.FullName()))
	}
	out := []any{f.Number(), name, t + string(named)}
	rules := rulesOf(f)
	if rules != nil {
		return append(out, oneof, rules)
	}
	if oneof != "" {
		return append(out, oneof)
	}
	return out
}

func rulesOf(f protoreflect.FieldDescriptor) map[string]any {
	rules, _ := proto.GetExtension(f.Options(), validate.E_Rules).(*validate.FieldRules)
	if rules == nil {
		return nil
	}
	out := flat(rules.ProtoReflect())
	if len(out) == 0 {
		return nil
	}
	return out
}

// The rules that are set, the kind's own level (`string`, `repeated` …) left out.
func flat(m protoreflect.Message) map[string]any {
	out := map[string]any{}
	m.Range(func(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		name := string(f.Name())
		switch {
		case f.ContainingOneof() != nil && f.ContainingOneof().Name() == "type", name == "message" && f.Message() != nil:
			for key, value := range flat(v.Message()) {
				out[key] = value
			}
		case f.IsList():
			list := []any{}
			for i := 0; i < v.List().Len(); i++ {
				list = append(list, plain(f, v.List().Get(i)))
			}
			out[name] = list
		default:
			out[name] = plain(f, v)
		}
		return true
	})
	return out
}

func plain(f protoreflect.FieldDescriptor, v protoreflect.Value) any {
	switch {
	case f.Message() != nil && f.Message().FullName() == "google.protobuf.Duration":
		m := v.Message()
		seconds := m.Get(m.Descriptor().Fields().ByName("seconds")).Int()
		nanos := m.Get(m.Descriptor().Fields().ByName("nanos")).Int()
		return float64(seconds) + float64(nanos)/1e9
	case f.Message() != nil:
		return flat(v.Message())
	case f.Enum() != nil:
		return string(f.Enum().Values().ByNumber(v.Enum()).Name())
	}
	return v.Interface()
}

func compact(v any) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	check(e.Encode(v))
	return strings.TrimSpace(b.String())
}

func module(text string) string {
	escaped := strings.NewReplacer("\\", "\\\\", "`", "\\`", "${", "\\${").Replace(text)
	return "// Generated by scripts/wire-schema from github.com/envoyproxy/go-control-plane/envoy v1.40.0. Do not edit.\n\n" +
		"/** Envoy's messages and enums, one a line: its name, a space, JSON (scripts/wire-schema/main.go says how to read it). */\n" +
		"export const schemaText = `" + escaped + "`\n"
}

// The files as a gzipped FileDescriptorSet, imports before importers.
func (s schema) descriptors() []byte {
	set := &descriptorpb.FileDescriptorSet{}
	done := map[string]bool{}
	var add func(f protoreflect.FileDescriptor)
	add = func(f protoreflect.FileDescriptor) {
		if done[f.Path()] {
			return
		}
		done[f.Path()] = true
		for i := 0; i < f.Imports().Len(); i++ {
			add(f.Imports().Get(i).FileDescriptor)
		}
		set.File = append(set.File, protodesc.ToFileDescriptorProto(f))
	}
	paths := []string{}
	for path := range s.files {
		paths = append(paths, path)
	}
	sort.Strings(paths)
	for _, path := range paths {
		add(s.files[path])
	}
	for _, f := range set.File {
		bare(f.ProtoReflect())
	}
	raw, err := proto.MarshalOptions{Deterministic: true}.Marshal(set)
	check(err)
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	check(err)
	_, err = w.Write(raw)
	check(err)
	check(w.Close())
	return b.Bytes()
}

// Drops the custom options: the tests need names and types only.
func bare(m protoreflect.Message) {
	m.Range(func(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		if f.IsExtension() {
			m.Clear(f)
		} else if f.Message() != nil && f.IsList() {
			for i := 0; i < v.List().Len(); i++ {
				bare(v.List().Get(i).Message())
			}
		} else if f.Message() != nil {
			bare(v.Message())
		}
		return true
	})
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
