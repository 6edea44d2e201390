package tools_test

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/json"
	sigsyaml "sigs.k8s.io/yaml"
)

// restateDeployment is the resource of the Restate operator, without its options for
// Knative and for scaling.
type restateDeployment struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`
	Spec              struct {
		Replicas int32 `json:"replicas"`
		Restate  struct {
			Register struct {
				Cluster string `json:"cluster"`
				Cloud   string `json:"cloud"`
				Service *struct {
					Name      string `json:"name"`
					Namespace string `json:"namespace"`
					Path      string `json:"path"`
					Port      int32  `json:"port"`
				} `json:"service"`
				URL string `json:"url"`
			} `json:"register"`
			DrainDelaySeconds int64  `json:"drainDelaySeconds"`
			ServicePath       string `json:"servicePath"`
			UseHTTP11         bool   `json:"useHttp11"`
		} `json:"restate"`
		Selector             metav1.LabelSelector   `json:"selector"`
		Template             corev1.PodTemplateSpec `json:"template"`
		MinReadySeconds      int32                  `json:"minReadySeconds"`
		RevisionHistoryLimit int32                  `json:"revisionHistoryLimit"`
	} `json:"spec"`
}

// kinds makes an empty resource of each kind that the manifests may have.
var kinds = map[string]func() metav1.Object{
	"v1/ConfigMap":                          func() metav1.Object { return &corev1.ConfigMap{} },
	"v1/Service":                            func() metav1.Object { return &corev1.Service{} },
	"apps/v1/Deployment":                    func() metav1.Object { return &appsv1.Deployment{} },
	"policy/v1/PodDisruptionBudget":         func() metav1.Object { return &policyv1.PodDisruptionBudget{} },
	"restate.dev/v1beta1/RestateDeployment": func() metav1.Object { return &restateDeployment{} },
}

// decode reads a document as Kubernetes does with --validate=strict: what it does not know
// is an error, and so is a value of another type.
func decode(document []byte) (metav1.Object, error) {
	text, err := sigsyaml.YAMLToJSONStrict(document)
	if err != nil {
		return nil, err
	}
	var what metav1.TypeMeta
	if err := json.UnmarshalCaseSensitivePreserveInts(text, &what); err != nil {
		return nil, err
	}
	empty := kinds[what.APIVersion+"/"+what.Kind]
	if empty == nil {
		return nil, errors.New("unknown kind " + what.APIVersion + "/" + what.Kind)
	}
	object := empty()
	mistakes, err := json.UnmarshalStrict(text, object)
	return object, errors.Join(append(mistakes, err)...)
}

func TestManifestsOfTheExampleAreOfKubernetesTypes(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../examples/k8s/*.yaml")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(file)
			require.NoError(t, err)
			documents := yaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(text)))
			for {
				document, err := documents.Read()
				if errors.Is(err, io.EOF) {
					return
				}
				require.NoError(t, err)
				object, err := decode(document)
				require.NoError(t, err, string(document))
				require.Empty(t, validation.IsDNS1035Label(object.GetName()))
				require.Equal(t, "shop", object.GetNamespace(), object.GetName())
			}
		})
	}
}

func TestAManifestWithAMistakeIsRefused(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../examples/k8s/version.yaml")
	require.NoError(t, err)
	deployment, _, _ := strings.Cut(string(text), "\n---\n")
	_, err = decode([]byte(deployment))
	require.NoError(t, err)
	for name, mistake := range map[string][2]string{
		"a field that does not exist": {"readinessProbe:", "readynessProbe:"},
		"a field in another place":    {"    spec:\n", "    spec:\n      replicas: 2\n"},
		"a value of another type":     {"periodSeconds: 2", `periodSeconds: "2"`},
		"a number as a variable":      {`value: "9080"`, "value: 9080"},
		"a field that is there twice": {"replicas: 2", "replicas: 2\n  replicas: 3"},
		"another kind":                {"kind: Deployment", "kind: Deplyoment"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wrong := strings.Replace(deployment, mistake[0], mistake[1], 1)
			require.NotEqual(t, deployment, wrong)
			_, err := decode([]byte(wrong))
			require.Error(t, err)
		})
	}
}
