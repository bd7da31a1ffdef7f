// The AWS SDK for Go v2 as a driver: one JSON line in, one JSON line out.
// tests/support/scenario/drivers.py tells the lines and the environment.
//
// Operations and members are found by reflection: the SDK names them as the service does.
package main

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"reflect"
	"runtime/debug"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
)

type request struct {
	Op      string         `json:"op"`
	In      map[string]any `json:"in"`
	Account string         `json:"account"`
	Region  string         `json:"region"`
	Pages   bool           `json:"pages"`
}

type reply map[string]any

// Package functions cannot be found by name, so the pagers are listed.
var paginators = map[string]any{
	"ListAliases":         kms.NewListAliasesPaginator,
	"ListGrants":          kms.NewListGrantsPaginator,
	"ListKeyPolicies":     kms.NewListKeyPoliciesPaginator,
	"ListKeyRotations":    kms.NewListKeyRotationsPaginator,
	"ListKeys":            kms.NewListKeysPaginator,
	"ListResourceTags":    kms.NewListResourceTagsPaginator,
	"ListRetirableGrants": kms.NewListRetirableGrantsPaginator,
}

var httpClient = &http.Client{Transport: &http.Transport{}}

func client(account, region string) *kms.Client {
	return kms.New(kms.Options{
		Region:       region,
		BaseEndpoint: aws.String(os.Getenv("KMS_ENDPOINT")),
		Retryer:      aws.NopRetryer{},
		HTTPClient:   httpClient,
		Credentials: aws.CredentialsProviderFunc(
			func(context.Context) (aws.Credentials, error) {
				return aws.Credentials{AccessKeyID: account, SecretAccessKey: "anything"}, nil
			}),
	})
}

// useCertificates makes the client speak mutual TLS when the environment names a CA.
func useCertificates() error {
	ca := os.Getenv("KMS_CA")
	if ca == "" {
		return nil
	}
	pem, err := os.ReadFile(ca)
	if err != nil {
		return err
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		return fmt.Errorf("no certificate in %s", ca)
	}
	own, err := tls.LoadX509KeyPair(os.Getenv("KMS_CERT"), os.Getenv("KMS_KEY"))
	if err != nil {
		return err
	}
	httpClient.Transport = &http.Transport{TLSClientConfig: &tls.Config{
		RootCAs: roots, Certificates: []tls.Certificate{own}}}
	return nil
}

func page(c *kms.Client, op string, in reflect.Value) (out []any, err error) {
	pager := reflect.ValueOf(paginators[op]).Call([]reflect.Value{reflect.ValueOf(c), in})[0]
	for pager.MethodByName("HasMorePages").Call(nil)[0].Bool() {
		got := pager.MethodByName("NextPage").Call(
			[]reflect.Value{reflect.ValueOf(context.Background())})
		if problem := got[1].Interface(); problem != nil {
			return nil, problem.(error)
		}
		out = append(out, plain(got[0]))
	}
	return out, nil
}

func refusal(err error) reply {
	var api smithy.APIError
	if !errors.As(err, &api) {
		return reply{"failed": err.Error()}
	}
	answer := reply{"error": reply{
		"code": api.ErrorCode(), "message": api.ErrorMessage(),
		"class": reflect.TypeOf(api).Elem().Name()}}
	var asked interface{ ServiceRequestID() string }
	if errors.As(err, &asked) {
		answer["request_id"] = asked.ServiceRequestID()
	}
	return answer
}

func perform(r request) (answer reply) {
	defer func() {
		if problem := recover(); problem != nil {
			answer = reply{"failed": fmt.Sprint(problem, "\n", string(debug.Stack()))}
		}
	}()
	c := client(r.Account, r.Region)
	method := reflect.ValueOf(c).MethodByName(r.Op)
	if !method.IsValid() {
		return reply{"unknown": r.Op}
	}
	in := reflect.New(method.Type().In(1).Elem())
	if err := fill(in.Elem(), r.In); err != nil {
		return reply{"unknown": fmt.Sprintf("%s: %v", r.Op, err)}
	}
	if r.Pages {
		pages, err := page(c, r.Op, in)
		if err != nil {
			return refusal(err)
		}
		return reply{"out": reply{"pages": pages}}
	}
	got := method.Call([]reflect.Value{reflect.ValueOf(context.Background()), in})
	if problem := got[1].Interface(); problem != nil {
		return refusal(problem.(error))
	}
	answer = reply{"out": plain(got[0])}
	meta := got[0].Elem().FieldByName("ResultMetadata").Interface().(middleware.Metadata)
	answer["request_id"], _ = awsmiddleware.GetRequestIDMetadata(meta)
	return answer
}

func main() {
	say := json.NewEncoder(os.Stdout)
	if err := useCertificates(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	say.Encode(reply{"sdk": "aws-sdk-go-v2/service/kms " + sdkVersion()})
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<22)
	for lines.Scan() {
		var r request
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		say.Encode(perform(r))
	}
}

func sdkVersion() string {
	info, _ := debug.ReadBuildInfo()
	for _, dep := range info.Deps {
		if dep.Path == "github.com/aws/aws-sdk-go-v2/service/kms" {
			return dep.Version
		}
	}
	return ""
}
