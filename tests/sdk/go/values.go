package main

import (
	"encoding/base64"
	"fmt"
	"math"
	"reflect"
	"time"
)

var bytesType = reflect.TypeOf([]byte(nil))
var timeType = reflect.TypeOf(time.Time{})

// fill puts what a line of JSON says into a field of the SDK.
func fill(to reflect.Value, from any) error {
	switch {
	case to.Kind() == reflect.Pointer:
		to.Set(reflect.New(to.Type().Elem()))
		return fill(to.Elem(), from)
	case to.Type() == bytesType:
		raw, err := base64.StdEncoding.DecodeString(from.(map[string]any)["$b64"].(string))
		to.SetBytes(raw)
		return err
	case to.Type() == timeType:
		seconds, part := math.Modf(from.(map[string]any)["$time"].(float64))
		to.Set(reflect.ValueOf(time.Unix(int64(seconds), int64(part*1e9))))
		return nil
	}
	switch value := from.(type) {
	case string:
		to.SetString(value)
	case bool:
		to.SetBool(value)
	case float64:
		to.SetInt(int64(value))
	case []any:
		to.Set(reflect.MakeSlice(to.Type(), len(value), len(value)))
		for i, item := range value {
			if err := fill(to.Index(i), item); err != nil {
				return err
			}
		}
	case map[string]any:
		if to.Kind() == reflect.Map {
			to.Set(reflect.MakeMap(to.Type()))
			for name, item := range value {
				to.SetMapIndex(reflect.ValueOf(name), reflect.ValueOf(item))
			}
			return nil
		}
		for name, item := range value {
			field := to.FieldByName(name)
			if !field.IsValid() {
				return fmt.Errorf("no member %s", name)
			}
			if err := fill(field, item); err != nil {
				return err
			}
		}
	}
	return nil
}

// plain is what a field of the SDK holds, as a line of JSON says it; nil is absent.
func plain(from reflect.Value) any {
	switch {
	case from.Kind() == reflect.Pointer:
		if from.IsNil() {
			return nil
		}
		return plain(from.Elem())
	case from.Type() == bytesType:
		if from.IsNil() {
			return nil
		}
		return reply{"$b64": base64.StdEncoding.EncodeToString(from.Bytes())}
	case from.Type() == timeType:
		return reply{"$time": float64(from.Interface().(time.Time).UnixMilli()) / 1000}
	}
	switch from.Kind() {
	case reflect.String:
		// An enumeration that is absent is empty; a string that is absent is nil.
		if from.Len() == 0 && from.Type().Name() != "string" {
			return nil
		}
		return from.String()
	case reflect.Bool:
		return from.Bool()
	case reflect.Int32:
		return from.Int()
	case reflect.Slice:
		if from.IsNil() {
			return nil
		}
		out := make([]any, from.Len())
		for i := range out {
			out[i] = plain(from.Index(i))
		}
		return out
	case reflect.Map:
		if from.IsNil() {
			return nil
		}
		out := reply{}
		for _, key := range from.MapKeys() {
			out[key.String()] = plain(from.MapIndex(key))
		}
		return out
	case reflect.Struct:
		out := reply{}
		for i := range from.NumField() {
			field := from.Type().Field(i)
			if !field.IsExported() || field.Name == "ResultMetadata" {
				continue
			}
			if value := plain(from.Field(i)); value != nil {
				out[field.Name] = value
			}
		}
		return out
	}
	panic(fmt.Sprint("a kind the driver does not know: ", from.Kind()))
}
